import EtcdAPI
import GRPCCore
import GRPCProtobuf
import Synchronization

extension EtcdClient {
    /// Watches one key.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - start: Where to begin.
    ///   - options: What to tell beside the changes.
    /// - Returns: The changes. Iteration throws ``EtcdError``: `compacted(at:)` when the start, or
    ///   what was not delivered yet, is compacted away (remedy: `get` the key, then watch after the
    ///   revision of that answer), `unavailable` when the connection broke (the same remedy; or watch
    ///   after the last revision seen), `watchCancelled` with etcd's reason.
    ///
    /// Source: etcd API, `Watch.Watch`.
    public func watch(
        key: Bytes,
        from start: WatchStart,
        options: WatchOptions = WatchOptions()
    ) -> EtcdStream<WatchResponse> {
        EtcdStream(client: self) { send throws(EtcdError) in
            let first = try await self.firstRevision(of: start, for: key)
            try await self.watchTwice(.key(key), first: first, options, send)
        }
    }

    /// Watches all keys that begin with a prefix.
    ///
    /// - Parameters:
    ///   - prefix: How the keys begin; empty for all keys.
    ///   - revision: The watch begins with the first change after it. Take the one that a
    ///     ``get(prefix:limit:revision:countOnly:)`` returned, and no change is missed or told twice.
    ///   - options: What to tell beside the changes.
    /// - Returns: The changes. Iteration throws ``EtcdError``: `compacted(at:)` when the start, or
    ///   what was not delivered yet, is compacted away (remedy: `get` the prefix, then watch after
    ///   the revision of that answer), `unavailable` when the connection broke (the same remedy),
    ///   `watchCancelled` with etcd's reason.
    ///
    /// Source: etcd API, `Watch.Watch`.
    public func watch(
        prefix: Bytes,
        after revision: EtcdRevision,
        options: WatchOptions = WatchOptions()
    ) -> EtcdStream<WatchResponse> {
        EtcdStream(client: self) { send throws(EtcdError) in
            try await self.watchTwice(.prefix(prefix), first: revision.next, options, send)
        }
    }

    private func firstRevision(of start: WatchStart, for key: Bytes) async throws(EtcdError)
        -> EtcdRevision
    {
        if case .after(let revision) = start { return revision.next }
        let found = try await get(key)
        guard let keyValue = found.keyValues.first else { return found.header.revision.next }
        return start == .creation ? keyValue.createRevision : keyValue.modRevision
    }

    /// etcd looks at the token of a watch at its beginning, and only there: one that was refused for it
    /// has told nothing and may begin again, with a new token.
    private func watchTwice(
        _ range: KeyRange,
        first: EtcdRevision,
        _ options: WatchOptions,
        _ send: @escaping @Sendable (WatchResponse) async -> Void
    ) async throws(EtcdError) {
        let hasTold = Atomic(false)
        do throws(EtcdError) {
            try await watch(range, first: first, options) { response in
                hasTold.store(true, ordering: .relaxed)
                await send(response)
            }
        } catch {
            guard authenticator != nil, error.mayBeAboutToken(isWatch: true),
                !hasTold.load(ordering: .relaxed)
            else { throw error }
            try await watch(range, first: first, options, send)
        }
    }

    private func watch(
        _ range: KeyRange,
        first: EtcdRevision,
        _ options: WatchOptions,
        _ send: @escaping @Sendable (WatchResponse) async -> Void
    ) async throws(EtcdError) {
        let (asks, ask) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let request = Self.watchRequest(range, first: first, withPrevious: options.withPrevious)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await self.watch(request, asks: asks) { response in
                        // The first answer only says that the watch is there.
                        if !response.isCreation { await send(response.response) }
                    }
                }
                if let interval = options.progressEvery {
                    group.addTask {
                        while true {
                            try await Task.sleep(for: interval)
                            ask.yield()
                        }
                    }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            throw EtcdError(rpc: error, method: "Watch.Watch", endpoint: nil)
        }
    }

    /// An answer on a watch stream.
    struct WatchMessage: Equatable, Sendable {
        /// The changes and the header.
        let response: WatchResponse
        /// The first answer: the watch is there.
        let isCreation: Bool
        /// The last answer: the watch is no more.
        let isCanceled: Bool
        /// The oldest revision there is, when the watch has ended because it began before that.
        let compactRevision: EtcdRevision
        /// The reason why the watch has ended, as etcd gives it.
        let cancelReason: String
    }

    static func watchRequest(
        _ range: KeyRange,
        first: EtcdRevision,
        withPrevious: Bool
    ) -> Etcdserverpb_WatchRequest {
        var create = Etcdserverpb_WatchCreateRequest()
        create.key = range.key.data
        create.rangeEnd = range.end.data
        create.startRevision = first.rawValue
        create.prevKv = withPrevious
        var request = Etcdserverpb_WatchRequest()
        request.createRequest = create
        return request
    }

    /// Watches a range on a stream of its own, answer by answer, until it breaks or the task is cancelled.
    ///
    /// - Parameters:
    ///   - revision: The watch begins with the changes after it.
    ///   - asks: When to ask for progress.
    ///   - number: The connection that has to carry it.
    ///   - received: Called with each answer, also those without events, before the next is read.
    /// - Throws: ``EtcdError`` when the stream breaks or etcd ends the watch.
    package func watch(
        _ range: KeyRange,
        after revision: EtcdRevision,
        asks: AsyncStream<Void>,
        on number: Int,
        received: @escaping @Sendable (WatchResponse) -> Void
    ) async throws(EtcdError) {
        let request = Self.watchRequest(range, first: revision.next, withPrevious: false)
        try await watch(request, asks: asks, on: number) { received($0.response) }
    }

    /// Opens one watch stream with one watch, until it breaks or the task is cancelled.
    ///
    /// - Parameters:
    ///   - create: The watch.
    ///   - asks: When to ask for progress.
    ///   - number: The connection that has to carry it; any when `nil`.
    ///   - received: Called with each answer, before the next is read.
    /// - Throws: ``EtcdError`` when the stream breaks or etcd ends the watch.
    func watch(
        _ create: Etcdserverpb_WatchRequest,
        asks: AsyncStream<Void>,
        on number: Int? = nil,
        received: @escaping @Sendable (WatchMessage) async throws -> Void
    ) async throws(EtcdError) {
        try await stream("Watch.Watch", on: number) { grpc, options in
            try await grpc.bidirectionalStreaming(
                request: StreamingClientRequest(metadata: requireLeader) { writer in
                    try await writer.write(create)
                    for await _ in asks {
                        var request = Etcdserverpb_WatchRequest()
                        request.progressRequest = Etcdserverpb_WatchProgressRequest()
                        try await writer.write(request)
                    }
                },
                descriptor: Etcdserverpb_Watch.Method.Watch.descriptor,
                serializer: ProtobufSerializer<Etcdserverpb_WatchRequest>(),
                deserializer: WireDeserializer<WatchMessage>(),
                options: options,
                onResponse: { response in
                    for try await message in response.messages {
                        if message.isCanceled { throw Self.ending(of: message) }
                        try await received(message)
                    }
                }
            )
        }
        // etcd does not end a watch stream without a word.
        throw EtcdError(.unavailable, "the server ended the watch stream", method: "Watch.Watch")
    }

    private static func ending(of message: WatchMessage) -> EtcdError {
        if message.compactRevision > .zero {
            let oldest = message.compactRevision
            return EtcdError(
                .compacted(at: oldest),
                "the history before revision \(oldest) is compacted away; get the keys, then watch "
                    + "after the revision of that answer",
                method: "Watch.Watch"
            )
        }
        let reason = message.cancelReason.isEmpty ? "etcd gave no reason" : message.cancelReason
        let code: EtcdError.Code =
            if EtcdError.isAboutCaller(reason) {
                .unauthenticated
            } else if reason.contains("PermissionDenied") || reason.contains("permission denied") {
                .permissionDenied
            } else {
                .watchCancelled
            }
        return EtcdError(code, "etcd ended the watch: \(reason)", method: "Watch.Watch")
    }
}
