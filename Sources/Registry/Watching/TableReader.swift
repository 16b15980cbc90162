/// Turns what stands in the store into the table: reads records, counts the bad ones, and keeps the
/// last good endpoint of a key whose record turned bad, for a while.
struct TableReader: Sendable {
    /// What came out of reading.
    struct Reading {
        var changed: Set<ServiceName> = []
        var reports: [WatchReport] = []
        /// Endpoints that vanished without their owner's word.
        var lost: [Endpoint] = []
        /// Keys that are there again, or whose owner says that they leave.
        var heard: [ServiceKey] = []
    }

    private let prefix: RegistryPrefix
    private let hold: Duration
    private(set) var table = EndpointTable()
    /// The keys whose records cannot be read.
    private(set) var bad: [String: RecordFault] = [:]
    /// Keys with more or fewer segments than ours.
    private var foreign: Set<String> = []
    /// Until when the endpoints of bad records stay.
    private var held: [ServiceKey: Duration] = [:]
    /// The last change of every key under the prefix, readable or not.
    private var revisions: [String: Revision] = [:]

    init(prefix: RegistryPrefix, hold: Duration) {
        self.prefix = prefix
        self.hold = hold
    }

    var badCount: Int { bad.count }
    var foreignCount: Int { foreign.count }
    var nextExpiry: Duration? { held.values.min() }

    /// All keys as they are known, and those that changed after a revision.
    func summary(since revision: Revision) -> KeySummary {
        let changed = revisions.filter { $0.value > revision }
        return KeySummary(
            revision: changed.values.max() ?? revision,
            count: revisions.count,
            changed: changed
        )
    }

    /// Reads a whole state; what is not in it is gone.
    mutating func read(_ snapshot: Snapshot, at now: Duration) -> Reading {
        let before = table
        let badBefore = bad
        var reading = Reading()
        table = EndpointTable()
        bad = [:]
        foreign = []
        let heldBefore = held
        held = [:]
        revisions = [:]
        for record in snapshot.records where record.key.utf8.starts(with: prefix.text.utf8) {
            revisions[record.key] = record.modRevision
            guard let key = prefix.parse(record.key) else {
                foreign.insert(record.key)
                continue
            }
            reading.heard.append(key)
            do {
                insert(try RecordCodec.decode(record.value, key: key), record)
            } catch {
                if let good = before[key] {
                    table.insert(good)
                    held[key] = heldBefore[key] ?? now + hold
                }
                bad[record.key] = error
                if badBefore[record.key] != error {
                    reading.reports.append(.badRecord(key: record.key, error))
                }
            }
        }
        for key in badBefore.keys.sorted() where bad[key] == nil {
            reading.reports.append(.badRecordEnded(key: key))
        }
        reading.changed = table.difference(from: before)
        let present = Set(reading.heard)
        for name in reading.changed.sorted() {
            reading.lost += before.endpoints(of: name).filter {
                !present.contains($0.instance.key)
            }
        }
        return reading
    }

    /// Reads changes.
    mutating func apply(_ events: [StoreEvent], at now: Duration) -> Reading {
        var reading = Reading()
        for event in events where event.key.utf8.starts(with: prefix.text.utf8) {
            if case .put(let record) = event {
                revisions[event.key] = record.modRevision
            } else {
                revisions[event.key] = nil
            }
            guard let key = prefix.parse(event.key) else {
                if case .put = event {
                    foreign.insert(event.key)
                } else {
                    foreign.remove(event.key)
                }
                continue
            }
            let before = table[key]
            switch event {
            case .put(let record):
                reading.heard.append(key)
                reading.lost.removeAll { $0.instance.key == key }
                do {
                    insert(try RecordCodec.decode(record.value, key: key), record)
                    forgetBad(event.key, key, &reading)
                } catch {
                    if before != nil, held[key] == nil { held[key] = now + hold }
                    if bad.updateValue(error, forKey: event.key) != error {
                        reading.reports.append(.badRecord(key: event.key, error))
                    }
                }
            case .deleted:
                if table.remove(key), let before { reading.lost.append(before) }
                forgetBad(event.key, key, &reading)
            }
            if table[key] != before { reading.changed.insert(key.service) }
        }
        return reading
    }

    /// Drops the endpoints of bad records whose time is over.
    mutating func dropExpired(at now: Duration) -> Set<ServiceName> {
        var changed: Set<ServiceName> = []
        for (key, until) in held where until <= now {
            held[key] = nil
            if table.remove(key) { changed.insert(key.service) }
        }
        return changed
    }

    private mutating func insert(_ record: Record, _ stored: StoredRecord) {
        // Its owner is about to delete it: gone already, for whoever reads the list.
        guard record.state != .leaving else {
            table.remove(record.instance.key)
            return
        }
        table.insert(
            Endpoint(
                instance: record.instance,
                state: record.state,
                owner: record.owner,
                createRevision: stored.createRevision,
                modRevision: stored.modRevision,
                version: stored.version,
                lease: stored.lease
            )
        )
    }

    private mutating func forgetBad(_ text: String, _ key: ServiceKey, _ reading: inout Reading) {
        held[key] = nil
        if bad.removeValue(forKey: text) != nil {
            reading.reports.append(.badRecordEnded(key: text))
        }
    }
}
