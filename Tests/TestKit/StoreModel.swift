public import Registry
import Texts

/// What a registry's store does, without time of its own, tasks or locks: one state, changed by calls.
///
/// ``InMemoryRegistryStore`` serves it to drivers, a simulation calls it directly; the contract suite
/// holds it to what real etcd does.
public struct StoreModel: Sendable {
    private struct Lease {
        var ttl: Duration
        var expires: Duration
    }

    /// The name of the cluster.
    public var clusterID = ClusterID(rawValue: 1)
    /// Counts the times that everybody's connection broke.
    public private(set) var connection = 1
    /// Where the logical clock stands.
    public private(set) var revision = Revision(rawValue: 1)
    /// Counts elections.
    public var raftTerm: UInt64 = 1
    /// The keys there are.
    public private(set) var records: [StoreKey: StoredRecord] = [:]
    private var compacted = Revision.zero
    private var history: [[StoreEvent]] = []
    private var leases: [LeaseID: Lease] = [:]
    private var untold: [[StoreEvent]] = []

    /// An empty store at revision 1.
    public init() {}

    /// The leases there are.
    public var leaseIDs: Set<LeaseID> { Set(leases.keys) }

    /// The changes since the last call, one list per revision.
    public mutating func takeEvents() -> [[StoreEvent]] {
        defer { untold = [] }
        return untold
    }

    // MARK: leases

    /// Grants a lease, or grants it again.
    public mutating func grant(_ id: LeaseID, ttl: Duration, at now: Duration) -> LeaseTerm {
        leases[id] = Lease(ttl: ttl, expires: now + ttl)
        return LeaseTerm(clusterID: clusterID, granted: ttl)
    }

    /// See ``RegistryStore/term(of:)``.
    public func term(of id: LeaseID, at now: Duration) -> LeaseTerm? {
        leases[id].map {
            LeaseTerm(
                clusterID: clusterID,
                granted: $0.ttl,
                remaining: $0.expires - now,
                keys: records.values.filter { $0.lease == id }.map(\.key.description)
            )
        }
    }

    /// Keeps a lease alive; zero when it is gone.
    public mutating func keepAlive(_ id: LeaseID, at now: Duration) -> Duration {
        guard let lease = leases[id] else { return .zero }
        leases[id]?.expires = now + lease.ttl
        return lease.ttl
    }

    /// Ends a lease and deletes its keys.
    public mutating func revoke(_ id: LeaseID) {
        guard leases.removeValue(forKey: id) != nil else { return }
        delete(records.values.filter { $0.lease == id }.map(\.key))
    }

    /// Ends the leases whose time is over.
    public mutating func expire(at now: Duration) {
        let due = leases.filter { $0.value.expires <= now }.map(\.key.rawValue).sorted()
        for id in due { revoke(LeaseID(rawValue: id)) }
    }

    // MARK: keys

    /// See ``RegistryStore/claim(_:)``.
    public mutating func claim(_ claim: Claim) -> ClaimOutcome {
        guard leases[claim.lease] != nil else { return .leaseGone }
        if let holding = records[StoreKey(claim.key)], holding.lease != .none,
            holding.lease != claim.lease
        {
            let record = try? RecordCodec.decode(holding.value, key: claim.instance)
            let holder = Holder(
                owner: record?.owner,
                name: RecordCodec.host(in: holding.value),
                lease: holding.lease,
                address: record.map { $0.instance.address.joined(port: $0.instance.port) }
            )
            return holder.owner == claim.owner
                ? .heldByOurHost(holder) : .heldByAnotherHost(holder)
        }
        let held = claim.companions.filter { $0.value != nil && isHeld($0, from: claim.lease) }
            .map(\.key)
        let unlike = claim.companions.filter {
            !held.contains($0.key) && !stands($0, under: claim.lease)
        }
        var puts = unlike.compactMap { side in side.value.map { (StoreKey(side.key), $0) } }
        let gone = unlike.filter { $0.value == nil }.map(\.key)
        let ours = records[StoreKey(claim.key)]
        let isOurs = ours?.lease == claim.lease && ours?.value == claim.value
        if !isOurs { puts.insert((StoreKey(claim.key), claim.value), at: 0) }
        guard !puts.isEmpty || !gone.isEmpty else {
            return .claimed(at: ours?.modRevision ?? revision, companionsHeld: held)
        }
        let changed = change(
            puts,
            lease: claim.lease,
            deleting: self.ours(gone, under: claim.lease)
        )
        return .claimed(at: isOurs ? ours?.modRevision ?? changed : changed, companionsHeld: held)
    }

    private func isHeld(_ side: CompanionRecord, from lease: LeaseID) -> Bool {
        guard let holding = records[StoreKey(side.key)] else { return false }
        return holding.lease != .none && holding.lease != lease
    }

    /// See ``RegistryStore/rewrite(_:)``.
    public mutating func rewrite(_ claim: Claim) {
        guard records[StoreKey(claim.key)]?.lease == claim.lease else { return }
        put(StoreKey(claim.key), claim.value, lease: claim.lease)
    }

    /// See ``RegistryStore/withdraw(_:)``.
    public mutating func withdraw(_ claim: Claim) {
        delete(ours([claim.key] + claim.companions.map(\.key), under: claim.lease))
    }

    private func stands(_ side: CompanionRecord, under lease: LeaseID) -> Bool {
        guard let value = side.value else { return records[StoreKey(side.key)]?.lease != lease }
        return records[StoreKey(side.key)]?.value == value
            && records[StoreKey(side.key)]?.lease == lease
    }

    private func ours(_ keys: [String], under lease: LeaseID) -> [StoreKey] {
        keys.map { StoreKey($0) }.filter { records[$0]?.lease == lease }
    }

    /// Writes a key, whoever has it.
    @discardableResult
    public mutating func put(_ key: StoreKey, _ value: [UInt8], lease: LeaseID = .none) -> Revision
    {
        change([(key, value)], lease: lease, deleting: [])
    }

    /// Writes and deletes at one revision.
    private mutating func change(
        _ puts: [(key: StoreKey, value: [UInt8])],
        lease: LeaseID,
        deleting gone: [StoreKey]
    ) -> Revision {
        revision = revision.next
        let written = puts.map { key, value in
            StoredRecord(
                key: key,
                value: value,
                createRevision: records[key]?.createRevision ?? revision,
                modRevision: revision,
                version: (records[key]?.version ?? 0) + 1,
                lease: lease
            )
        }
        for record in written { records[record.key] = record }
        for key in gone { records[key] = nil }
        happened(
            written.map(StoreEvent.put) + gone.map { StoreEvent.deleted(key: $0, at: revision) }
        )
        return revision
    }

    /// Deletes keys, whoever has them, at one revision.
    public mutating func delete(_ keys: [StoreKey]) {
        let keys = keys.filter { records[$0] != nil }.sorted()
        guard !keys.isEmpty else { return }
        revision = revision.next
        for key in keys { records[key] = nil }
        happened(keys.map { .deleted(key: $0, at: revision) })
    }

    // MARK: states

    /// See ``RegistryStore/list(_:isUrgent:received:)``.
    public func snapshot(of prefix: RegistryPrefix) -> Snapshot {
        Snapshot(
            clusterID: clusterID,
            mark: SnapshotMark(revision: revision, connection: connection),
            records: records.values.filter { $0.key.isUnder(prefix) }
                .sorted { $0.key < $1.key },
            raftTerm: raftTerm
        )
    }

    /// See ``RegistryStore/count(of:on:)``; `nil` when that connection has ended.
    public func count(of prefix: RegistryPrefix, on connection: Int) -> KeyCount? {
        guard connection == self.connection else { return nil }
        return KeyCount(
            clusterID: clusterID,
            revision: revision,
            count: records.count { $0.key.isUnder(prefix) }
        )
    }

    /// See ``RegistryStore/summary(of:since:)``.
    public func summary(of prefix: RegistryPrefix, since: Revision) -> KeySummary {
        let found = records.filter { $0.key.isUnder(prefix) }
        return KeySummary(
            revision: revision,
            count: found.count,
            changed: found.mapValues(\.modRevision).filter { $0.value > since }
        )
    }

    /// The changes after a snapshot, one list for each revision.
    ///
    /// - Throws: As ``RegistryStore/watch(_:after:asks:received:)`` says.
    public func changes(after mark: SnapshotMark) throws(StoreError) -> [[StoreEvent]] {
        guard mark.connection == connection else {
            throw StoreError(.unavailable, "the snapshot's connection has ended")
        }
        guard mark.revision >= compacted else {
            throw StoreError(.compacted, "the history is compacted away")
        }
        return history.filter { events in events.contains { $0.revision > mark.revision } }
    }

    /// Breaks everybody's connection.
    public mutating func breakConnections() { connection += 1 }

    /// Forgets the history up to now.
    public mutating func compact() {
        compacted = revision
        history = []
    }

    /// Throws everything away and begins again at revision 1, under the same cluster id.
    public mutating func wipe() {
        let (id, next, term) = (clusterID, connection + 1, raftTerm)
        self = StoreModel()
        clusterID = id
        connection = next
        raftTerm = term
    }

    private mutating func happened(_ events: [StoreEvent]) {
        history.append(events)
        untold.append(events)
    }
}
