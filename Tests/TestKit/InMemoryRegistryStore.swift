public import Machines
public import Registry
import Synchronization

/// A store in memory that keeps the contract of ``RegistryStore``, and can be broken on request.
public final class InMemoryRegistryStore: RegistryStore {
    private struct Watcher {
        var prefix: RegistryPrefix
        var received: @Sendable (WatchNews) -> Void
        var end: CheckedContinuation<StoreError, Never>
    }

    private struct State {
        var model = StoreModel()
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
            state.model.breakConnections()
            return isReachable ? [] : Self.takeWatchers(&state)
        }
        for watcher in watchers { watcher.end.resume(returning: Self.away) }
    }

    /// Lets watches stay open without a word, as a stopped member does.
    public func setSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

    /// Writes a key as somebody else would.
    @discardableResult
    public func put(_ key: String, _ value: [UInt8], lease: LeaseID = .none) -> Revision {
        changed { $0.put(StoreKey(key), value, lease: lease) }
    }

    /// Deletes a key as somebody else would.
    public func delete(_ key: String) { changed { $0.delete([StoreKey(key)]) } }

    /// Ends a lease as somebody else would.
    public func endLease(_ id: LeaseID) { changed { $0.revoke(id) } }

    /// Forgets the history up to now.
    public func compact() { changed { $0.compact() } }

    /// Throws everything away and begins again at revision 1, under the same cluster id.
    public func wipe() {
        let watchers = state.withLock { state in
            state.model.wipe()
            return Self.takeWatchers(&state)
        }
        for watcher in watchers { watcher.end.resume(returning: Self.away) }
    }

    /// The keys there are.
    public var records: [StoreKey: StoredRecord] { changed { $0.records } }

    /// The leases there are.
    public var leases: Set<LeaseID> { changed { $0.leaseIDs } }

    /// Ends the leases whose time is over; calls do it too.
    public func expireLeases() { changed { _ in } }

    // MARK: RegistryStore

    /// As ``RegistryStore/grantLease(_:ttl:)`` says.
    public func grantLease(_ id: LeaseID, ttl: Duration) async throws(StoreError) -> LeaseTerm {
        let now = timeline.now
        return try served { $0.grant(id, ttl: ttl, at: now) }
    }

    /// As ``RegistryStore/waitForTurn()`` says: it is always our turn.
    public func waitForTurn() async throws(StoreError) {}

    /// As ``RegistryStore/term(of:)`` says.
    public func term(of id: LeaseID) async throws(StoreError) -> LeaseTerm? {
        let now = timeline.now
        return try served { $0.term(of: id, at: now) }
    }

    /// As ``RegistryStore/keepAlive(_:beats:answered:)`` says.
    public func keepAlive(
        _ id: LeaseID,
        beats: AsyncStream<Void>,
        answered: @escaping @Sendable (Duration) -> Void
    ) async throws(StoreError) {
        for await _ in beats {
            let now = timeline.now
            let ttl = try served { $0.keepAlive(id, at: now) }
            if !state.withLock({ $0.isSilent }) { answered(ttl) }
        }
    }

    /// As ``RegistryStore/revokeLease(_:)`` says.
    public func revokeLease(_ id: LeaseID) async throws(StoreError) {
        try served { $0.revoke(id) }
    }

    /// As ``RegistryStore/claim(_:)`` says.
    public func claim(_ claim: Claim) async throws(StoreError) -> ClaimOutcome {
        try served { $0.claim(claim) }
    }

    /// As ``RegistryStore/rewrite(_:)`` says.
    public func rewrite(_ claim: Claim) async throws(StoreError) {
        try served { $0.rewrite(claim) }
    }

    /// As ``RegistryStore/withdraw(_:)`` says.
    public func withdraw(_ claim: Claim) async throws(StoreError) {
        try served { $0.withdraw(claim) }
    }

    /// As ``RegistryStore/list(_:isUrgent:received:)`` says, a few keys a page.
    public func list(
        _ prefix: RegistryPrefix,
        isUrgent: Bool,
        received: @Sendable (_ page: [StoredRecord], _ isFirst: Bool) -> Void
    ) async throws(StoreError) -> ListedState {
        let snapshot = try served { $0.snapshot(of: prefix) }
        var rest = snapshot.records[...]
        var isFirst = true
        repeat {
            received(Array(rest.prefix(3)), isFirst)
            rest = rest.dropFirst(3)
            isFirst = false
        } while !rest.isEmpty
        return snapshot.state
    }

    /// As ``RegistryStore/count(of:on:)`` says.
    public func count(
        of prefix: RegistryPrefix,
        on connection: Int
    ) async throws(StoreError) -> KeyCount {
        guard let count = try served({ $0.count(of: prefix, on: connection) }) else {
            throw Self.away
        }
        return count
    }

    /// As ``RegistryStore/summary(of:since:)`` says.
    public func summary(
        of prefix: RegistryPrefix,
        since revision: Revision
    ) async throws(StoreError) -> KeySummary {
        try served { $0.summary(of: prefix, since: revision) }
    }

    /// As ``RegistryStore/watch(_:after:asks:received:)`` says.
    public func watch(
        _ prefix: RegistryPrefix,
        after mark: SnapshotMark,
        asks: AsyncStream<Void>,
        received: @escaping @Sendable (WatchNews) -> Void
    ) async throws(StoreError) {
        let id = state.withLock { state in
            state.nextWatcher += 1
            return state.nextWatcher
        }
        throw await withTaskGroup(of: StoreError?.self) { group in
            group.addTask { await self.watch(id, prefix, after: mark, received) }
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
        after mark: SnapshotMark,
        _ received: @escaping @Sendable (WatchNews) -> Void
    ) async -> StoreError {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let refusal = state.withLock { state -> StoreError? in
                    if state.cancelled.contains(id) { return StoreError(.cancelled, "cancelled") }
                    if !state.isReachable { return Self.away }
                    let missed: [[StoreEvent]]
                    do throws(StoreError) {
                        missed = try state.model.changes(after: mark)
                    } catch {
                        return error
                    }
                    let watcher = Watcher(prefix: prefix, received: received, end: continuation)
                    state.watchers[id] = watcher
                    Self.tell(state, watcher, [])
                    for events in missed { Self.tell(state, watcher, events) }
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

    private func served<Answer: Sendable>(
        _ serve: (inout StoreModel) -> Answer
    ) throws(StoreError) -> Answer {
        guard state.withLock({ $0.isReachable }) else { throw Self.away }
        return changed(serve)
    }

    /// Changes the model, and tells the watchers what changed.
    @discardableResult
    private func changed<Answer: Sendable>(_ change: (inout StoreModel) -> Answer) -> Answer {
        let now = timeline.now
        return state.withLock { state in
            state.model.expire(at: now)
            let answer = change(&state.model)
            for events in state.model.takeEvents() {
                for watcher in state.watchers.values
                where events.contains(where: { $0.key.isUnder(watcher.prefix) }) {
                    Self.tell(state, watcher, events)
                }
            }
            return answer
        }
    }

    private static func tell(_ state: State, _ watcher: Watcher, _ events: [StoreEvent]) {
        guard !state.isSilent else { return }
        let events = events.filter { $0.key.isUnder(watcher.prefix) }
        watcher.received(
            WatchNews(
                clusterID: state.model.clusterID,
                revision: state.model.revision,
                events: events,
                raftTerm: state.model.raftTerm
            )
        )
    }

    private static func takeWatchers(_ state: inout State) -> [Watcher] {
        defer { state.watchers = [:] }
        return Array(state.watchers.values)
    }
}
