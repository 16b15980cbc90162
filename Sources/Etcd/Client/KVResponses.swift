import EtcdAPI

/// The answer to a put.
public struct PutResponse: Sendable {
    /// Where the cluster stands; its revision is the put's.
    public let header: ResponseHeader
    /// The previous value of the key, if it was requested and the key existed.
    public let previous: KeyValue?

    init(_ message: Etcdserverpb_PutResponse) {
        header = ResponseHeader(message.header)
        previous = message.hasPrevKv ? KeyValue(message.prevKv) : nil
    }
}

/// The answer to a get.
public struct GetResponse: Equatable, Sendable {
    /// Where the cluster stands. Watch after its revision to miss nothing.
    public let header: ResponseHeader
    /// The keys found, in byte order; at most the limit.
    public let keyValues: [KeyValue]
    /// How many keys there are in all, whatever the limit.
    public let count: Int
    /// Whether the limit left some out.
    public let hasMore: Bool

    init(header: ResponseHeader, keyValues: [KeyValue], count: Int, hasMore: Bool) {
        self.header = header
        self.keyValues = keyValues
        self.count = count
        self.hasMore = hasMore
    }

    init(_ message: Etcdserverpb_RangeResponse) {
        header = ResponseHeader(message.header)
        keyValues = message.kvs.map(KeyValue.init)
        count = Int(message.count)
        hasMore = message.more
    }
}

/// The answer to a deletion.
public struct DeleteResponse: Sendable {
    /// Where the cluster stands; its revision is the deletion's, unless nothing was deleted.
    public let header: ResponseHeader
    /// How many keys were deleted.
    public let count: Int
    /// Their previous values, if requested.
    public let previous: [KeyValue]

    init(_ message: Etcdserverpb_DeleteRangeResponse) {
        header = ResponseHeader(message.header)
        count = Int(message.deleted)
        previous = message.prevKvs.map(KeyValue.init)
    }
}

/// The header of every response: cluster, member and revision.
public struct ResponseHeader: Hashable, Sendable {
    /// The cluster.
    public internal(set) var clusterID = EtcdClusterID(rawValue: 0)
    /// The member that answered.
    public internal(set) var memberID: UInt64 = 0
    /// Where the cluster's logical clock stood when the call was served. For a change it is the
    /// revision of that change.
    public internal(set) var revision = EtcdRevision.zero
    /// The term of the cluster's leader; it rises with each election.
    public internal(set) var raftTerm: UInt64 = 0

    init() {}

    init(_ message: Etcdserverpb_ResponseHeader) {
        clusterID = EtcdClusterID(rawValue: message.clusterID)
        memberID = message.memberID
        revision = EtcdRevision(rawValue: message.revision)
        raftTerm = message.raftTerm
    }
}
