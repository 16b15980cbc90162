import EtcdAPI
import GRPCCore
import GRPCProtobuf

extension EtcdClient {
    /// Writes a key.
    ///
    /// - Parameters:
    ///   - key: Not empty.
    ///   - value: Up to the server's request limit, 1.5 MiB by default.
    ///   - lease: The lease the key shall die with.
    ///   - returningPrevious: Whether to answer with what the key held before.
    /// - Returns: The put's revision, and the previous value if asked for.
    /// - Throws: ``EtcdError``; `leaseNotFound` when the lease is gone.
    ///
    /// Source: etcd API, `KV.Put`.
    @discardableResult
    public func put(
        _ key: Bytes,
        _ value: Bytes,
        lease: EtcdLeaseID = .none,
        returningPrevious: Bool = false
    ) async throws(EtcdError) -> PutResponse {
        let request = Operation.put(key, value, lease: lease, returningPrevious: returningPrevious)
        return PutResponse(
            try await call("KV.Put") { grpc, options in
                try await Etcdserverpb_KV.Client(wrapping: grpc).put(request.put, options: options)
            }
        )
    }

    /// Reads one key.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - revision: The state to read: that after this revision, or the current one.
    /// - Returns: No or one key-value, and the revision of the state that was read.
    /// - Throws: ``EtcdError``; `compacted` or `futureRevision` for such a revision.
    ///
    /// Source: etcd API, `KV.Range`, linearizable.
    public func get(_ key: Bytes, revision: EtcdRevision? = nil) async throws(EtcdError)
        -> GetResponse
    {
        try await range(.get(.key(key), revision: revision))
    }

    /// Reads the keys that begin with a prefix, in byte order.
    ///
    /// - Parameters:
    ///   - prefix: How the keys begin; empty for all keys.
    ///   - limit: How many to return at most; all when `nil`.
    ///   - revision: The state to read: that after this revision, or the current one.
    ///   - countOnly: Whether to leave out the keys and only count them.
    /// - Returns: The keys and the revision of the state that was read.
    /// - Throws: ``EtcdError``; `compacted` or `futureRevision` for such a revision.
    ///
    /// Source: etcd API, `KV.Range`, linearizable.
    public func get(
        prefix: Bytes,
        limit: Int? = nil,
        revision: EtcdRevision? = nil,
        countOnly: Bool = false
    ) async throws(EtcdError) -> GetResponse {
        try await range(
            .get(.prefix(prefix), limit: limit, revision: revision, countOnly: countOnly)
        )
    }

    /// Counts the keys that begin with a prefix.
    ///
    /// - Parameter connection: The number of the connection that has to carry it.
    /// - Throws: ``EtcdError``; `unavailable` also when that connection has ended.
    ///
    /// Source: etcd API, `KV.Range` with `count_only`, linearizable.
    package func count(prefix: Bytes, on connection: Int) async throws(EtcdError) -> GetResponse {
        try await range(.get(.prefix(prefix), countOnly: true), on: connection)
    }

    /// Counts the keys that begin with a prefix and names those that changed after a revision.
    ///
    /// - Returns: The changed keys without their values, the count of all keys, and the revision of the
    ///   state that was read.
    /// - Throws: ``EtcdError``.
    ///
    /// Source: etcd API, `KV.Range` with `keys_only` and `min_mod_revision`, linearizable.
    public func changedKeys(
        prefix: Bytes,
        after revision: EtcdRevision
    ) async throws(EtcdError) -> GetResponse {
        try await range(.get(.prefix(prefix), keysChangedAfter: revision))
    }

    /// Reads all keys that begin with a prefix, however many, in pages of one and the same state.
    ///
    /// - Parameters:
    ///   - prefix: How the keys begin; empty for all keys.
    ///   - pageSize: How many keys to ask for at once, at least 1; fewer at first, and when their values
    ///     are large: a page is about 4 MB.
    ///   - receive: Called with each page in order.
    /// - Returns: The header of the first page; its revision is that of every page.
    /// - Throws: ``EtcdError``; `compacted` when the state was compacted away between two pages, and
    ///   `unavailable` when the connection ended between two: begin again.
    public func getPages(
        prefix: Bytes,
        pageSize: Int = 10_000,
        _ receive: ([KeyValue]) -> Void
    ) async throws(EtcdError) -> ResponseHeader {
        try await pages(prefix: prefix, pageSize: pageSize, receive).header
    }

    /// ``getPages(prefix:pageSize:_:)``, with the number of the connection that carried all pages: over
    /// another one the pinned revision might be that of another life of the cluster.
    package func pages(
        prefix: Bytes,
        pageSize: Int,
        _ receive: ([KeyValue]) -> Void
    ) async throws(EtcdError) -> (header: ResponseHeader, connection: Int) {
        let connection = try await supervisor.connection(within: configuration.dialTimeout).number
        var sizes = PageSizes(most: pageSize)
        var page = try await self.page(.prefix(prefix), sizes, at: nil, on: connection).get()
        let header = page.header
        while true {
            sizes.received(page.keyValues)
            guard page.hasMore, let last = page.keyValues.last else {
                receive(page.keyValues)
                return (header, connection)
            }
            // The first key after the last one: the same bytes and a zero.
            let rest = KeyRange(
                key: Bytes(last.key.array + [0]),
                end: KeyRange.prefix(prefix).end
            )
            // The next page is on its way while this one is read.
            async let next = self.page(rest, sizes, at: header.revision, on: connection)
            receive(page.keyValues)
            page = try await next.get()
        }
    }

    private func page(
        _ range: KeyRange,
        _ sizes: PageSizes,
        at revision: EtcdRevision?,
        on connection: Int
    ) async -> Result<GetResponse, EtcdError> {
        var limit = sizes.next
        while true {
            do throws(EtcdError) {
                let get = Operation.get(range, limit: limit, revision: revision)
                return .success(try await self.range(get, on: connection))
            } catch  where error.code == .resourceExhausted && limit > 1 {
                // Larger values than any before: fewer of them fit into one message.
                limit = max(1, limit / 4)
            } catch {
                return .failure(error)
            }
        }
    }

    /// Deletes one key.
    ///
    /// - Returns: A count of 0 or 1, and what the key held if asked for.
    /// - Throws: ``EtcdError``.
    ///
    /// Source: etcd API, `KV.DeleteRange`.
    @discardableResult
    public func delete(
        _ key: Bytes,
        returningPrevious: Bool = false
    ) async throws(EtcdError) -> DeleteResponse {
        try await delete(.delete(.key(key), returningPrevious: returningPrevious))
    }

    /// Deletes all keys that begin with a prefix; every key there is when it is empty.
    ///
    /// - Returns: How many were deleted, and what they held if asked for.
    /// - Throws: ``EtcdError``.
    ///
    /// Source: etcd API, `KV.DeleteRange`.
    @discardableResult
    public func delete(
        prefix: Bytes,
        returningPrevious: Bool = false
    ) async throws(EtcdError) -> DeleteResponse {
        try await delete(.delete(.prefix(prefix), returningPrevious: returningPrevious))
    }

    /// Does `then` if every comparison holds, and `otherwise` if one does not: all at one revision.
    ///
    /// - Parameters:
    ///   - comparisons: What must hold; nothing at all always holds.
    ///   - then: Done if they hold; at most 128 operations by the server's default, and no two that
    ///     write the same key.
    ///   - otherwise: Done if one does not hold.
    /// - Returns: Which of the two was done, and the answer to each of its operations.
    /// - Throws: ``EtcdError``; `duplicateKey`, `leaseNotFound`.
    ///
    /// Source: etcd API, `KV.Txn`.
    @discardableResult
    public func transaction(
        if comparisons: [Comparison],
        then: [Operation],
        otherwise: [Operation] = []
    ) async throws(EtcdError) -> TransactionResponse {
        let request = Operation.transaction(if: comparisons, then: then, otherwise: otherwise).txn
        return TransactionResponse(
            try await call("KV.Txn") { grpc, options in
                try await Etcdserverpb_KV.Client(wrapping: grpc).txn(request, options: options)
            }
        )
    }

    /// Forgets the history before a revision: states and watches from before it are gone for good.
    /// Current keys stay.
    ///
    /// - Parameter revision: The oldest state to keep; at most the current one.
    /// - Returns: Where the cluster stands.
    /// - Throws: ``EtcdError``; `compacted` when it is done already, `futureRevision`.
    ///
    /// Source: etcd API, `KV.Compact`.
    @discardableResult
    public func compact(before revision: EtcdRevision) async throws(EtcdError) -> ResponseHeader {
        var request = Etcdserverpb_CompactionRequest()
        request.revision = revision.rawValue
        return ResponseHeader(
            try await call("KV.Compact") { [request] grpc, options in
                try await Etcdserverpb_KV.Client(wrapping: grpc).compact(request, options: options)
            }.header
        )
    }

    private func range(
        _ operation: Operation,
        on number: Int? = nil
    ) async throws(EtcdError) -> GetResponse {
        try await call("KV.Range", on: number) { grpc, options in
            try await grpc.unary(
                request: ClientRequest(message: operation.range),
                descriptor: Etcdserverpb_KV.Method.Range.descriptor,
                serializer: ProtobufSerializer<Etcdserverpb_RangeRequest>(),
                deserializer: WireDeserializer<GetResponse>(),
                options: options,
                onResponse: { response in try response.message }
            )
        }
    }

    private func delete(_ operation: Operation) async throws(EtcdError) -> DeleteResponse {
        DeleteResponse(
            try await call("KV.DeleteRange") { grpc, options in
                try await Etcdserverpb_KV.Client(wrapping: grpc)
                    .deleteRange(operation.deleteRange, options: options)
            }
        )
    }
}
