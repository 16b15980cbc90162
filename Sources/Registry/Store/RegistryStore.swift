import Synchronization

/// The port to the distributed store: what discovery needs of etcd, and no more.
///
/// Two stores speak it, etcd and one in memory for tests; one contract suite holds both to what is
/// written here. Every call ends within a bounded time or throws `unavailable`, but for the two
/// streams, which last until they break; every call ends on cancellation, throwing `cancelled`.
public protocol RegistryStore: Sendable {
    /// Grants a lease under an id of the caller's choice. Granting it again is no error: a lost
    /// answer is asked again and leaves no orphan.
    ///
    /// - Parameters:
    ///   - id: Chosen at random, positive.
    ///   - ttl: Whole seconds, at least 1.
    /// - Returns: The lease, with the time to live that the store chose.
    func grantLease(_ id: LeaseID, ttl: Duration) async throws(StoreError) -> LeaseTerm

    /// Waits until it is this host's turn to ask for what costs the store much. At once, but for the time
    /// after an absence of the whole store.
    func waitForTurn() async throws(StoreError)

    /// Asks how a lease stands and what stands under it, without renewing it.
    ///
    /// - Returns: `nil` when it has ended, or never was.
    func term(of id: LeaseID) async throws(StoreError) -> LeaseTerm?

    /// Keeps a lease alive: one request for each beat, on one stream.
    ///
    /// - Parameters:
    ///   - beats: When to send. The stream ends with it.
    ///   - answered: Called with the time to live from each request on; zero says that the lease is
    ///     gone. Must not wait.
    /// - Throws: `unavailable` when the stream breaks, which says nothing of the lease.
    func keepAlive(
        _ id: LeaseID,
        beats: AsyncStream<Void>,
        answered: @escaping @Sendable (Duration) -> Void
    ) async throws(StoreError)

    /// Ends a lease and deletes the keys under it. A lease that has ended already is no error.
    func revokeLease(_ id: LeaseID) async throws(StoreError)

    /// Puts a key of ours: when it is free, under no lease, or under our lease already. All or
    /// nothing, at one revision. Its companion records are put with it, whoever has those keys, and
    /// those that are to go are deleted where it is under our lease. When all of it stands
    /// under our lease as it is wanted, nothing is put: nobody is woken, and the answer names the
    /// revision of the key's last change.
    func claim(_ claim: Claim) async throws(StoreError) -> ClaimOutcome

    /// Rewrites a key of ours, if it is still under our lease; else does nothing. Its companion records
    /// is not touched.
    func rewrite(_ claim: Claim) async throws(StoreError)

    /// Deletes a key of ours and its companion records, each if it is still under our lease, at one
    /// revision; else does nothing.
    func withdraw(_ claim: Claim) async throws(StoreError)

    /// Reads all keys under the prefix at one revision, linearizable: never an older state than one
    /// that any client has seen.
    ///
    /// - Parameters:
    ///   - isUrgent: Whether it may wait no longer than a second for its turn, see ``waitForTurn()``.
    ///   - received: Called with each page, in the order of the keys, at least once. Must not wait. What it
    ///     was told is of no worth when the call throws.
    func list(
        _ prefix: RegistryPrefix,
        isUrgent: Bool,
        received: @Sendable (_ page: [StoredRecord], _ isFirst: Bool) -> Void
    ) async throws(StoreError) -> ListedState

    /// Counts the keys under the prefix, linearizable: the cheapest proof that somebody is there.
    ///
    /// - Parameter connection: The connection that has to carry it, as in ``SnapshotMark``.
    /// - Throws: `unavailable` also when that connection has ended.
    func count(of prefix: RegistryPrefix, on connection: Int) async throws(StoreError) -> KeyCount

    /// Counts the keys under the prefix, linearizable, and names those that changed after `revision`.
    /// Values are not sent, so that it costs little, however many keys there are.
    func summary(
        of prefix: RegistryPrefix,
        since revision: Revision
    ) async throws(StoreError) -> KeySummary

    /// Watches all keys under the prefix.
    ///
    /// - Parameters:
    ///   - mark: The first change told is the first after this snapshot. The watch is opened over the
    ///     connection that the snapshot came over, or not at all.
    ///   - asks: When to ask where the store stands; it answers with news without events.
    ///   - received: Called with all news in order, the first of them as soon as the watch is there.
    ///     Must not wait.
    /// - Throws: At its end, always: `compacted` when the history after the snapshot is gone,
    ///   `unavailable` when the stream broke, or the snapshot's connection has ended.
    func watch(
        _ prefix: RegistryPrefix,
        after mark: SnapshotMark,
        asks: AsyncStream<Void>,
        received: @escaping @Sendable (WatchNews) -> Void
    ) async throws(StoreError)

    /// Tells the store that a stream had no answer in time, so that it looks after its connection.
    func suspectConnection() async
}

extension RegistryStore {
    /// Reads all keys under the prefix at one revision, as ``list(_:isUrgent:received:)``, and holds them all.
    public func snapshot(of prefix: RegistryPrefix) async throws(StoreError) -> Snapshot {
        let records = Mutex<[StoredRecord]>([])
        let state = try await list(prefix, isUrgent: false) { page, isFirst in
            records.withLock { if isFirst { $0 = page } else { $0 += page } }
        }
        return Snapshot(
            clusterID: state.clusterID,
            mark: state.mark,
            records: records.withLock { $0 },
            raftTerm: state.raftTerm
        )
    }
}
