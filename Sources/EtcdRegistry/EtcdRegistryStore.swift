public import Etcd
public import Registry

/// The registry's store, spoken to etcd: one client, one connection, whatever is registered and
/// watched.
public struct EtcdRegistryStore: RegistryStore {
    /// The requests, by the words for them in metrics.
    public enum Request: String, CaseIterable, Sendable {
        case grant, term, revoke, claim, rewrite, withdraw, snapshot, count, summary
        case keepAlive = "keep_alive"
        case watch

        /// Whether it lasts until it breaks, so that its time says nothing.
        public var isStream: Bool { self == .keepAlive || self == .watch }
    }

    /// A report of the store, for the metrics.
    public enum Report: Sendable {
        /// A request was answered, or a stream has ended, after that time; with an error where it failed.
        case ended(Request, after: Duration, StoreError?)
        /// A keep-alive was answered with that time to live; zero says that the lease is gone.
        case keepAliveAnswered(ttl: Duration)
        /// The watch has news.
        case watchReceived(WatchNews)
    }

    let client: EtcdClient
    private let pageSize: Int
    private let observe: @Sendable (Report) -> Void

    /// A store on a client that somebody runs.
    ///
    /// - Parameters:
    ///   - pageSize: How many keys of a list are asked for at once, at most.
    ///   - observe: Told what there is to count, by whoever asks; must not wait.
    public init(
        _ client: EtcdClient,
        pageSize: Int = 10_000,
        observe: @escaping @Sendable (Report) -> Void = { _ in }
    ) {
        self.client = client
        self.pageSize = pageSize
        self.observe = observe
    }

    /// Makes a request, and reports how it ended.
    func measured<Value: Sendable>(
        _ request: Request,
        _ call: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let began = ContinuousClock.now
        do throws(StoreError) {
            let value = try await call()
            observe(.ended(request, after: ContinuousClock.now - began, nil))
            return value
        } catch {
            observe(.ended(request, after: ContinuousClock.now - began, error))
            throw error
        }
    }

    /// The same of one that throws the client's errors.
    ///
    /// - Parameter access: What it does with keys, for the sentence of one that is not permitted.
    func request<Value: Sendable>(
        _ request: Request,
        _ access: Access? = nil,
        _ call: () async throws(EtcdError) -> Value
    ) async throws(StoreError) -> Value {
        try await measured(request) { () async throws(StoreError) -> Value in
            do throws(EtcdError) {
                return try await call()
            } catch {
                throw failure(error, of: access)
            }
        }
    }

    // MARK: the lease

    /// As ``RegistryStore/grantLease(_:ttl:)`` says.
    public func grantLease(_ id: LeaseID, ttl: Duration) async throws(StoreError) -> LeaseTerm {
        try await request(.grant) { () async throws(EtcdError) -> LeaseTerm in
            do throws(EtcdError) {
                let grant = try await client.grantLease(ttl: ttl, id: EtcdLeaseID(id))
                return LeaseTerm(clusterID: ClusterID(grant.header.clusterID), granted: grant.ttl)
            } catch  where error.code == .leaseExists {
                // Our own, from a grant whose answer was lost: nobody else draws the same 63 bits.
                guard let status = try await client.timeToLive(of: EtcdLeaseID(id)) else {
                    throw error
                }
                return LeaseTerm(status)
            }
        }
    }

    /// As ``RegistryStore/waitForTurn()`` says. A wait of ours and no request.
    public func waitForTurn() async throws(StoreError) {
        do throws(EtcdError) {
            try await client.waitForTurn()
        } catch {
            throw StoreError(error)
        }
    }

    /// As ``RegistryStore/term(of:)`` says. A user that may not read all the keys is told of none.
    public func term(of id: LeaseID) async throws(StoreError) -> LeaseTerm? {
        try await request(.term) { () async throws(EtcdError) -> LeaseTerm? in
            do throws(EtcdError) {
                return try await client.timeToLive(of: EtcdLeaseID(id), withKeys: true).map(
                    LeaseTerm.init
                )
            } catch  where error.code == .permissionDenied {
                return try await client.timeToLive(of: EtcdLeaseID(id)).map(LeaseTerm.init)
            }
        }
    }

    /// As ``RegistryStore/keepAlive(_:beats:answered:)`` says.
    public func keepAlive(
        _ id: LeaseID,
        beats: AsyncStream<Void>,
        answered: @escaping @Sendable (Duration) -> Void
    ) async throws(StoreError) {
        try await request(.keepAlive) { () async throws(EtcdError) -> Void in
            try await client.keepAlive(EtcdLeaseID(id), beats: beats) { [observe] answer in
                observe(.keepAliveAnswered(ttl: answer.ttl))
                answered(answer.ttl)
            }
        }
    }

    /// As ``RegistryStore/revokeLease(_:)`` says.
    public func revokeLease(_ id: LeaseID) async throws(StoreError) {
        try await request(.revoke) { () async throws(EtcdError) -> Void in
            do throws(EtcdError) {
                try await client.revokeLease(EtcdLeaseID(id))
            } catch  where error.code == .leaseNotFound {
                return
            }
        }
    }

    // MARK: the list

    /// As ``RegistryStore/list(_:isUrgent:received:)`` says.
    public func list(
        _ prefix: RegistryPrefix,
        isUrgent: Bool,
        received: @Sendable (_ page: [StoredRecord], _ isFirst: Bool) -> Void
    ) async throws(StoreError) -> ListedState {
        try await request(.snapshot, .read(prefix)) { () async throws(EtcdError) -> ListedState in
            var isFirst = true
            try await client.waitForTurn(isUrgent: isUrgent)
            let (header, connection) = try await client.pages(
                prefix: Bytes(prefix.text),
                pageSize: pageSize
            ) {
                received($0.map(StoredRecord.init), isFirst)
                isFirst = false
            }
            return ListedState(
                clusterID: ClusterID(header.clusterID),
                mark: SnapshotMark(revision: Revision(header.revision), connection: connection),
                raftTerm: header.raftTerm
            )
        }
    }

    /// As ``RegistryStore/count(of:on:)`` says.
    public func count(
        of prefix: RegistryPrefix,
        on connection: Int
    ) async throws(StoreError) -> KeyCount {
        try await request(.count, .read(prefix)) { () async throws(EtcdError) -> KeyCount in
            let answer = try await client.count(prefix: Bytes(prefix.text), on: connection)
            return KeyCount(
                clusterID: ClusterID(answer.header.clusterID),
                revision: Revision(answer.header.revision),
                count: max(0, answer.count)
            )
        }
    }

    /// As ``RegistryStore/summary(of:since:)`` says.
    public func summary(
        of prefix: RegistryPrefix,
        since revision: Revision
    ) async throws(StoreError) -> KeySummary {
        try await request(.summary, .read(prefix)) { () async throws(EtcdError) -> KeySummary in
            let answer = try await client.changedKeys(
                prefix: Bytes(prefix.text),
                after: EtcdRevision(revision)
            )
            let changed = answer.keyValues.map {
                (StoreKey($0.key.array), Revision($0.modRevision))
            }
            return KeySummary(
                revision: Revision(answer.header.revision),
                count: max(0, answer.count),
                changed: Dictionary(changed, uniquingKeysWith: { $1 })
            )
        }
    }

    /// As ``RegistryStore/watch(_:after:asks:received:)`` says.
    public func watch(
        _ prefix: RegistryPrefix,
        after mark: SnapshotMark,
        asks: AsyncStream<Void>,
        received: @escaping @Sendable (WatchNews) -> Void
    ) async throws(StoreError) {
        try await request(.watch, .read(prefix)) { () async throws(EtcdError) -> Void in
            try await client.watch(
                .prefix(Bytes(prefix.text)),
                after: EtcdRevision(mark.revision),
                asks: asks,
                on: mark.connection
            ) { [observe] response in
                let news = WatchNews(response)
                observe(.watchReceived(news))
                received(news)
            }
        }
    }

    /// As ``RegistryStore/suspectConnection()`` says.
    public func suspectConnection() async {
        await client.suspectConnection()
    }
}

extension LeaseTerm {
    init(_ status: LeaseStatus) {
        self.init(
            clusterID: ClusterID(status.header.clusterID),
            granted: status.granted,
            remaining: status.remaining,
            keys: status.keys.map { String(decoding: $0.array, as: UTF8.self) }
        )
    }
}

extension StoredRecord {
    init(_ keyValue: KeyValue) {
        self.init(
            key: StoreKey(keyValue.key.array),
            // Of a value that is too long no more is kept than what shows that it is.
            value: keyValue.value.array.count > RecordLimits.valueBytes
                ? Array(keyValue.value.array.prefix(RecordLimits.valueBytes + 1))
                : keyValue.value.array,
            createRevision: Revision(keyValue.createRevision),
            modRevision: Revision(keyValue.modRevision),
            version: keyValue.version,
            lease: LeaseID(keyValue.lease)
        )
    }
}

extension WatchNews {
    init(_ response: WatchResponse) {
        self.init(
            clusterID: ClusterID(response.header.clusterID),
            revision: Revision(response.header.revision),
            events: response.events.map { event in
                switch event.kind {
                case .put: .put(StoredRecord(event.keyValue))
                case .delete:
                    .deleted(
                        key: StoreKey(event.keyValue.key.array),
                        at: Revision(event.keyValue.modRevision)
                    )
                }
            },
            raftTerm: response.header.raftTerm
        )
    }
}

extension StoreError {
    /// What an error of the client means to the registry.
    init(_ error: EtcdError) {
        let code: Code =
            switch error.code {
            case .unavailable, .deadlineExceeded, .notRunning: .unavailable
            case .leaseNotFound: .leaseNotFound
            case .compacted, .futureRevision: .compacted
            case .invalidArgument, .unauthenticated, .permissionDenied, .resourceExhausted,
                .duplicateKey, .leaseExists, .unusableFile:
                .refused
            case .cancelled: .cancelled
            case .watchCancelled, .other: .other
            }
        self.init(code, error.description, cause: error)
    }
}
