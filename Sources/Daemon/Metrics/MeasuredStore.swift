import Registry

/// A store that is watched at its work: each request is counted and timed on its way through.
struct MeasuredStore: RegistryStore {
    private let store: any RegistryStore
    private let metrics: DaemonMetrics

    init(_ store: any RegistryStore, _ metrics: DaemonMetrics) {
        self.store = store
        self.metrics = metrics
    }

    func grantLease(_ id: LeaseID, ttl: Duration) async throws(StoreError) -> LeaseTerm {
        try await measured(.grant) { () async throws(StoreError) -> LeaseTerm in
            try await store.grantLease(id, ttl: ttl)
        }
    }

    /// A wait of ours and no request.
    func waitForTurn() async throws(StoreError) {
        try await store.waitForTurn()
    }

    func term(of id: LeaseID) async throws(StoreError) -> LeaseTerm? {
        try await measured(.term) { () async throws(StoreError) -> LeaseTerm? in
            try await store.term(of: id)
        }
    }

    func keepAlive(
        _ id: LeaseID,
        beats: AsyncStream<Void>,
        answered: @escaping @Sendable (Duration) -> Void
    ) async throws(StoreError) {
        try await measured(.keepAlive) { () async throws(StoreError) in
            try await store.keepAlive(id, beats: beats) { [metrics] ttl in
                metrics.registrations.keepAliveAnswered(ttl: ttl)
                answered(ttl)
            }
        }
    }

    func revokeLease(_ id: LeaseID) async throws(StoreError) {
        try await measured(.revoke) { () async throws(StoreError) in
            try await store.revokeLease(id)
        }
    }

    func claim(_ claim: Claim) async throws(StoreError) -> ClaimOutcome {
        try await measured(.claim) { () async throws(StoreError) -> ClaimOutcome in
            try await store.claim(claim)
        }
    }

    func rewrite(_ claim: Claim) async throws(StoreError) {
        try await measured(.rewrite) { () async throws(StoreError) in
            try await store.rewrite(claim)
        }
    }

    func withdraw(_ claim: Claim) async throws(StoreError) {
        try await measured(.withdraw) { () async throws(StoreError) in
            try await store.withdraw(claim)
        }
    }

    func list(
        _ prefix: RegistryPrefix,
        isUrgent: Bool,
        received: @Sendable (_ page: [StoredRecord], _ isFirst: Bool) -> Void
    ) async throws(StoreError) -> ListedState {
        try await measured(.snapshot) { () async throws(StoreError) -> ListedState in
            try await store.list(prefix, isUrgent: isUrgent, received: received)
        }
    }

    func count(
        of prefix: RegistryPrefix,
        on connection: Int
    ) async throws(StoreError) -> KeyCount {
        try await measured(.count) { () async throws(StoreError) -> KeyCount in
            try await store.count(of: prefix, on: connection)
        }
    }

    func summary(
        of prefix: RegistryPrefix,
        since revision: Revision
    ) async throws(StoreError) -> KeySummary {
        try await measured(.summary) { () async throws(StoreError) -> KeySummary in
            try await store.summary(of: prefix, since: revision)
        }
    }

    func watch(
        _ prefix: RegistryPrefix,
        after mark: SnapshotMark,
        asks: AsyncStream<Void>,
        received: @escaping @Sendable (WatchNews) -> Void
    ) async throws(StoreError) {
        try await measured(.watch) { () async throws(StoreError) in
            try await store.watch(prefix, after: mark, asks: asks) { [metrics] news in
                metrics.list.heard(news)
                received(news)
            }
        }
    }

    func suspectConnection() async {
        await store.suspectConnection()
    }

    private func measured<Value: Sendable>(
        _ request: EtcdMetrics.Request,
        _ call: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let start = ContinuousClock.now
        do throws(StoreError) {
            let value = try await call()
            metrics.etcd.ended(request, after: ContinuousClock.now - start, with: nil)
            return value
        } catch {
            metrics.etcd.ended(request, after: ContinuousClock.now - start, with: error)
            throw error
        }
    }
}
