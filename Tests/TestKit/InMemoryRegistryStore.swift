public import Registry
import Synchronization

/// A store in memory that keeps the contract of ``RegistryStore``, and can be broken on request.
public final class InMemoryRegistryStore: RegistryStore {
    private struct Lease {
        var ttl: Duration
        var expires: Duration
    }

    private struct Watcher {
        var prefix: RegistryPrefix
        var received: @Sendable (WatchNews) -> Void
        var end: CheckedContinuation<StoreError, Never>
    }

    private struct State {
        var clusterID = ClusterID(rawValue: 1)
        var revision = Revision(rawValue: 1)
        var compacted = Revision.zero
        var records: [String: StoredRecord] = [:]
        var history: [StoreEvent] = []
        var leases: [LeaseID: Lease] = [:]
        var watchers: [Int: Watcher] = [:]
        var nextWatcher = 0
        var isReachable = true
        var isSilent = false
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())
    private let timeline: Timeline
    private static let away = StoreError(.unavailable, "the store in memory is away")

    /// An empty store whose leases live on the given timeline.
    public init(timeline: Timeline = Timeline()) {
        self.timeline = timeline
    }

    // MARK: breaking it

    /// Takes the store away, or brings it back. Streams end when it goes; leases go on ending.
    public func setReachable(_ isReachable: Bool) {
        let watchers = state.withLock { state in
            state.isReachable = isReachable
            return isReachable ? [] : Self.takeWatchers(&state)
        }
        for watcher in watchers { watcher.end.resume(returning: Self.away) }
    }

    /// Lets watches stay open without a word, as a stopped member does.
    public func setSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

    /// Writes a key as somebody else would.
    @discardableResult
    public func put(_ key: String, _ value: [UInt8], lease: LeaseID = .none) -> Revision {
        state.withLock { Self.put(&$0, key, value, lease) }
    }

    /// Deletes a key as somebody else would.
    public func delete(_ key: String) { state.withLock { Self.delete(&$0, [key]) } }

    /// Ends a lease as somebody else would.
    public func endLease(_ id: LeaseID) { state.withLock { Self.end(&$0, id) } }

    /// Forgets the history up to now.
    public func compact() {
        state.withLock { state in
            state.compacted = state.revision
            state.history = []
        }
    }

    /// Throws everything away and begins again at revision 1, under the same cluster id.
    public func wipe() {
        let watchers = state.withLock { state in
            let watchers = Self.takeWatchers(&state)
            let next = state.nextWatcher
            state = State()
            state.nextWatcher = next
            return watchers
        }
        for watcher in watchers { watcher.end.resume(returning: Self.away) }
    }

    /// The keys there are.
    public var records: [String: StoredRecord] {
        state.withLock { state in
            Self.expire(&state, at: timeline.now)
            return state.records
        }
    }

    /// The leases there are.
    public var leases: Set<LeaseID> {
        state.withLock { state in
            Self.expire(&state, at: timeline.now)
            return Set(state.leases.keys)
        }
    }

    /// Ends the leases whose time is over; calls do it too.
    public func expireLeases() {
        state.withLock { Self.expire(&$0, at: timeline.now) }
    }

    // MARK: RegistryStore

    /// As ``RegistryStore/grantLease(_:ttl:)`` says.
    public func grantLease(_ id: LeaseID, ttl: Duration) async throws(StoreError) -> Duration {
        try served { state, now in
            state.leases[id] = Lease(ttl: ttl, expires: now + ttl)
            return ttl
        }
    }

    /// As ``RegistryStore/keepAlive(_:beats:answered:)`` says.
    public func keepAlive(
        _ id: LeaseID,
        beats: AsyncStream<Void>,
        answered: @escaping @Sendable (Duration) -> Void
    ) async throws(StoreError) {
        for await _ in beats {
            let ttl: Duration? = try served { state, now in
                if state.isSilent { return nil }
                guard let lease = state.leases[id] else { return .zero }
                state.leases[id]?.expires = now + lease.ttl
                return lease.ttl
            }
            if let ttl { answered(ttl) }
        }
    }

    /// As ``RegistryStore/revokeLease(_:)`` says.
    public func revokeLease(_ id: LeaseID) async throws(StoreError) {
        try served { state, _ in Self.end(&state, id) }
    }

    /// As ``RegistryStore/claim(_:)`` says.
    public func claim(_ claim: Claim) async throws(StoreError) -> ClaimOutcome {
        try served { state, _ in
            guard state.leases[claim.lease] != nil else { return .leaseGone }
            if let holding = state.records[claim.key], holding.lease != .none,
                holding.lease != claim.lease
            {
                let record = try? RecordCodec.decode(holding.value, key: claim.instance)
                let holder = Holder(
                    owner: record?.owner,
                    lease: holding.lease,
                    address: record.map { $0.instance.address.joined(port: $0.instance.port) }
                )
                return holder.owner == claim.owner
                    ? .heldByOurHost(holder) : .heldByAnotherHost(holder)
            }
            return .claimed(at: Self.put(&state, claim.key, claim.value, claim.lease))
        }
    }

    /// As ``RegistryStore/rewrite(_:)`` says.
    public func rewrite(_ claim: Claim) async throws(StoreError) {
        try served { state, _ in
            guard state.records[claim.key]?.lease == claim.lease else { return }
            Self.put(&state, claim.key, claim.value, claim.lease)
        }
    }

    /// As ``RegistryStore/withdraw(_:lease:)`` says.
    public func withdraw(_ key: String, lease: LeaseID) async throws(StoreError) {
        try served { state, _ in
            if state.records[key]?.lease == lease { Self.delete(&state, [key]) }
        }
    }

    /// As ``RegistryStore/snapshot(of:)`` says.
    public func snapshot(of prefix: RegistryPrefix) async throws(StoreError) -> Snapshot {
        try served { state, _ in
            Snapshot(
                clusterID: state.clusterID,
                revision: state.revision,
                records: state.records.values
                    .filter { $0.key.hasPrefix(prefix.text) }.sorted { $0.key < $1.key }
            )
        }
    }

    /// As ``RegistryStore/watch(_:after:asks:received:)`` says.
    public func watch(
        _ prefix: RegistryPrefix,
        after revision: Revision,
        asks: AsyncStream<Void>,
        received: @escaping @Sendable (WatchNews) -> Void
    ) async throws(StoreError) {
        let id = state.withLock { state in
            state.nextWatcher += 1
            return state.nextWatcher
        }
        throw await withTaskGroup(of: StoreError?.self) { group in
            group.addTask { await self.watch(id, prefix, after: revision, received) }
            group.addTask {
                for await _ in asks { self.tellProgress(id) }
                return nil
            }
            defer { group.cancelAll() }
            for await ending in group {
                if let ending { return ending }
            }
            return StoreError(.cancelled, "cancelled")
        }
    }

    /// As ``RegistryStore/suspectConnection()`` says.
    public func suspectConnection() async {}

    // MARK: parts

    private func watch(
        _ id: Int,
        _ prefix: RegistryPrefix,
        after revision: Revision,
        _ received: @escaping @Sendable (WatchNews) -> Void
    ) async -> StoreError {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let refusal = state.withLock { state -> StoreError? in
                    if state.cancelled.contains(id) { return StoreError(.cancelled, "cancelled") }
                    if !state.isReachable { return Self.away }
                    if revision < state.compacted {
                        return StoreError(.compacted, "compacted at \(state.compacted)")
                    }
                    let watcher = Watcher(prefix: prefix, received: received, end: continuation)
                    state.watchers[id] = watcher
                    Self.tell(state, watcher, [])
                    let missed = state.history.filter { $0.revision > revision }
                    if !missed.isEmpty { Self.tell(state, watcher, missed) }
                    return nil
                }
                if let refusal { continuation.resume(returning: refusal) }
            }
        } onCancel: {
            let watcher = state.withLock { state in
                state.cancelled.insert(id)
                return state.watchers.removeValue(forKey: id)
            }
            watcher?.end.resume(returning: StoreError(.cancelled, "cancelled"))
        }
    }

    private func tellProgress(_ id: Int) {
        state.withLock { state in
            if let watcher = state.watchers[id] { Self.tell(state, watcher, []) }
        }
    }

    private func served<Answer>(
        _ serve: (inout State, Duration) throws(StoreError) -> Answer
    ) throws(StoreError) -> Answer where Answer: Sendable {
        let now = timeline.now
        let result: Result<Answer, StoreError> = state.withLock { state in
            Self.expire(&state, at: now)
            guard state.isReachable else { return .failure(Self.away) }
            do throws(StoreError) {
                return .success(try serve(&state, now))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func tell(_ state: State, _ watcher: Watcher, _ events: [StoreEvent]) {
        guard !state.isSilent else { return }
        let events = events.filter { $0.key.hasPrefix(watcher.prefix.text) }
        watcher.received(
            WatchNews(clusterID: state.clusterID, revision: state.revision, events: events)
        )
    }

    private static func happened(_ state: inout State, _ events: [StoreEvent]) {
        state.history += events
        for watcher in state.watchers.values
        where events.contains(where: { $0.key.hasPrefix(watcher.prefix.text) }) {
            tell(state, watcher, events)
        }
    }

    @discardableResult
    private static func put(
        _ state: inout State,
        _ key: String,
        _ value: [UInt8],
        _ lease: LeaseID
    ) -> Revision {
        state.revision = state.revision.next
        let before = state.records[key]
        let record = StoredRecord(
            key: key,
            value: value,
            createRevision: before?.createRevision ?? state.revision,
            modRevision: state.revision,
            version: (before?.version ?? 0) + 1,
            lease: lease
        )
        state.records[key] = record
        happened(&state, [.put(record)])
        return state.revision
    }

    private static func delete(_ state: inout State, _ keys: [String]) {
        let keys = keys.filter { state.records[$0] != nil }
        guard !keys.isEmpty else { return }
        state.revision = state.revision.next
        for key in keys { state.records[key] = nil }
        let revision = state.revision
        happened(&state, keys.map { .deleted(key: $0, at: revision) })
    }

    private static func end(_ state: inout State, _ lease: LeaseID) {
        guard state.leases.removeValue(forKey: lease) != nil else { return }
        delete(&state, state.records.values.filter { $0.lease == lease }.map(\.key).sorted())
    }

    private static func expire(_ state: inout State, at now: Duration) {
        for (id, lease) in state.leases where lease.expires <= now { end(&state, id) }
    }

    private static func takeWatchers(_ state: inout State) -> [Watcher] {
        defer { state.watchers = [:] }
        return Array(state.watchers.values)
    }
}
