import EtcdAPI
import GRPCCore
import Machines
import Texts

extension EtcdClient {
    /// Grants a lease: keys put under it are deleted when it ends.
    ///
    /// - Parameters:
    ///   - ttl: How long it lives without a keep-alive; whole seconds, at least 1. The server may
    ///     choose more, and never less.
    ///   - id: The id it shall have, so that a lost answer can be asked again; the server chooses
    ///     when `nil`.
    /// - Returns: The lease and its real time to live.
    /// - Throws: ``EtcdError``; `leaseExists` when the id is taken.
    ///
    /// Source: etcd API, `Lease.LeaseGrant`.
    public func grantLease(ttl: Duration, id: EtcdLeaseID? = nil) async throws(EtcdError)
        -> LeaseGrant
    {
        var request = Etcdserverpb_LeaseGrantRequest()
        request.ttl = ttl.components.seconds
        request.id = id?.rawValue ?? 0
        guard request.ttl >= 1 else {
            throw .invalidArgument("a lease lives at least 1 s, not \(ttl.text)")
        }
        return LeaseGrant(
            try await call("Lease.LeaseGrant") { [request] grpc, options in
                try await Etcdserverpb_Lease.Client(wrapping: grpc)
                    .leaseGrant(request, options: options)
            }
        )
    }

    /// Ends a lease now and deletes the keys under it.
    ///
    /// - Throws: ``EtcdError``; `leaseNotFound` when it has ended already.
    ///
    /// Source: etcd API, `Lease.LeaseRevoke`.
    public func revokeLease(_ id: EtcdLeaseID) async throws(EtcdError) {
        var request = Etcdserverpb_LeaseRevokeRequest()
        request.id = id.rawValue
        _ = try await call("Lease.LeaseRevoke") { [request] grpc, options in
            try await Etcdserverpb_Lease.Client(wrapping: grpc)
                .leaseRevoke(request, options: options)
        }
    }

    /// Asks how long a lease still lives.
    ///
    /// - Parameters:
    ///   - id: The lease.
    ///   - withKeys: Whether to list the keys under it.
    /// - Returns: What etcd knows of it, or `nil` when there is no such lease (any more).
    /// - Throws: ``EtcdError``.
    ///
    /// Source: etcd API, `Lease.LeaseTimeToLive`.
    public func timeToLive(
        of id: EtcdLeaseID,
        withKeys: Bool = false
    ) async throws(EtcdError) -> LeaseStatus? {
        var request = Etcdserverpb_LeaseTimeToLiveRequest()
        request.id = id.rawValue
        request.keys = withKeys
        let answer: Etcdserverpb_LeaseTimeToLiveResponse
        do {
            answer = try await call("Lease.LeaseTimeToLive") { [request] grpc, options in
                try await Etcdserverpb_Lease.Client(wrapping: grpc)
                    .leaseTimeToLive(request, options: options)
            }
        } catch  where error.code == .leaseNotFound {
            return nil
        }
        return answer.ttl > 0 ? LeaseStatus(answer) : nil
    }

    /// Lists the leases of the cluster.
    ///
    /// - Throws: ``EtcdError``.
    ///
    /// Source: etcd API, `Lease.LeaseLeases`.
    public func leases() async throws(EtcdError) -> [EtcdLeaseID] {
        try await call("Lease.LeaseLeases") { grpc, options in
            try await Etcdserverpb_Lease.Client(wrapping: grpc)
                .leaseLeases(Etcdserverpb_LeaseLeasesRequest(), options: options)
        }.leases.map { EtcdLeaseID(rawValue: $0.id) }
    }

    /// Keeps a lease alive for as long as the caller asks for the next answer.
    ///
    /// A keep-alive is sent at once and then three times per time to live. A broken connection does
    /// not end it: the stream is opened again, on another member if need be. Stop iterating, and the
    /// lease ends by itself when its time to live has passed.
    ///
    /// - Returns: The answers. Iteration throws ``EtcdError`` `leaseNotFound` when the lease is gone,
    ///   and `notRunning` when the client stops.
    ///
    /// Source: etcd API, `Lease.LeaseKeepAlive`.
    public func keepAlive(_ id: EtcdLeaseID) -> EtcdStream<KeepAliveAnswer> {
        EtcdStream(client: self) { send throws(EtcdError) in
            var backoff = Backoff(
                .init(base: .milliseconds(200), cap: .seconds(2)),
                generator: SeededGenerator(seed: UInt64(bitPattern: id.rawValue))
            )
            while !Task.isCancelled {
                do throws(EtcdError) {
                    try await self.keepAliveUntilBroken(id, send)
                } catch  where error.code == .unavailable || error.code == .deadlineExceeded {
                    // A closed stream is not a lost lease: only the server's word ends it.
                }
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// One stream's worth of keep-alives: sends one, waits for its answer, rests for a third of the
    /// time to live.
    private func keepAliveUntilBroken(
        _ id: EtcdLeaseID,
        _ send: @escaping @Sendable (KeepAliveAnswer) async -> Void
    ) async throws(EtcdError) {
        let (beats, beat) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingOldest(1)
        )
        beat.yield()
        try await keepAlive(id, beats: beats) { answer in
            guard answer.ttl > .zero else {
                throw EtcdError(
                    .leaseNotFound,
                    "the lease \(id) is gone; grant a new one and put its keys again",
                    method: "Lease.LeaseKeepAlive"
                )
            }
            await send(answer)
            try await Task.sleep(for: answer.ttl / 3)
            beat.yield()
        }
    }

    /// Opens one keep-alive stream and sends one request for each beat.
    ///
    /// - Parameters:
    ///   - beats: When to send; the stream ends with it.
    ///   - received: Called with each answer, before the next is read. A `ttl` of zero says that the
    ///     lease is gone.
    /// - Throws: ``EtcdError`` when the stream breaks, and what `received` throws.
    package func keepAlive(
        _ id: EtcdLeaseID,
        beats: AsyncStream<Void>,
        received: @escaping @Sendable (KeepAliveAnswer) async throws -> Void
    ) async throws(EtcdError) {
        // etcd asks for no token here, and a lease must not end because a login takes its time.
        try await stream("Lease.LeaseKeepAlive", needsToken: false) { grpc, options in
            try await Etcdserverpb_Lease.Client(wrapping: grpc).leaseKeepAlive(
                metadata: requireLeader,
                options: options,
                requestProducer: { writer in
                    for await _ in beats {
                        var request = Etcdserverpb_LeaseKeepAliveRequest()
                        request.id = id.rawValue
                        try await writer.write(request)
                    }
                },
                onResponse: { response in
                    for try await message in response.messages {
                        try await received(KeepAliveAnswer(message))
                    }
                }
            )
        }
    }
}
