import EtcdAPI

/// The answer to a grant.
public struct LeaseGrant: Hashable, Sendable {
    /// Where the cluster stands.
    public let header: ResponseHeader
    /// The lease.
    public let id: EtcdLeaseID
    /// The time to live that the server chose; it may be longer than what was asked for.
    public let ttl: Duration

    init(_ message: Etcdserverpb_LeaseGrantResponse) {
        header = ResponseHeader(message.header)
        id = EtcdLeaseID(rawValue: message.id)
        ttl = .ttl(message.ttl)
    }
}

/// The state of a lease in etcd.
public struct LeaseStatus: Hashable, Sendable {
    /// Where the cluster stands.
    public let header: ResponseHeader
    /// The lease.
    public let id: EtcdLeaseID
    /// How long it still lives without a keep-alive, in whole seconds.
    public let remaining: Duration
    /// The time to live it was granted with.
    public let granted: Duration
    /// The keys under it, if they were asked for.
    public let keys: [Bytes]

    init(_ message: Etcdserverpb_LeaseTimeToLiveResponse) {
        header = ResponseHeader(message.header)
        id = EtcdLeaseID(rawValue: message.id)
        remaining = .ttl(message.ttl)
        granted = .ttl(message.grantedTtl)
        keys = message.keys.map { Bytes($0) }
    }
}

/// The answer to one keep-alive.
public struct KeepAliveAnswer: Hashable, Sendable {
    /// Where the cluster stands.
    public let header: ResponseHeader
    /// The lease.
    public let id: EtcdLeaseID
    /// How long it lives from when the request left, without another.
    public let ttl: Duration

    init(_ message: Etcdserverpb_LeaseKeepAliveResponse) {
        header = ResponseHeader(message.header)
        id = EtcdLeaseID(rawValue: message.id)
        ttl = .ttl(message.ttl)
    }
}

extension Duration {
    /// A time to live from the wire, in seconds. One that no server grants (etcd: at most 9,000,000,000 s) is cut
    /// to what clocks can add to an instant.
    ///
    /// Source: etcd, `lease.MaxLeaseTTL`.
    fileprivate static func ttl(_ seconds: Int64) -> Duration {
        .seconds(min(max(seconds, -1), 9_000_000_000))
    }
}
