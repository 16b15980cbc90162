/// Turns what stands in the store into the table: reads records, counts the bad ones, and keeps the
/// last good endpoint of a key whose record turned bad, for a while.
///
/// Values are kept as endpoints of the selected services, and of those only as many as the limits admit. Of
/// every other key no more is known than its last change and its length.
struct EndpointTableReader: Sendable {
    /// The result of reading.
    struct Reading {
        /// The services whose endpoints changed.
        var changed: Set<ServiceName> = []
        var reports: [WatchReport] = []
        /// What happened to each endpoint. None is held yet.
        var changes: [EndpointChange] = []
        /// Endpoints that vanished without their owner's word.
        var lost: [Endpoint] = []
        /// Keys that are there again, or whose owner says that they leave.
        var heard: [ServiceKey] = []
    }

    /// A key that has no endpoint in the table, or one that is older than its record.
    struct OtherKey: Sendable {
        var revision: Revision
        var bytes: Int
    }

    let prefix: RegistryPrefix
    let hold: Duration
    /// The services that are wanted.
    var selection = ServiceSelection.all
    /// Those of them that the table is of: what is wanted since the list was read is not in it yet.
    var covered = ServiceSelection.all
    var limits = ListLimits.none
    var table = EndpointTable()
    /// The keys whose records cannot be read.
    var bad: [StoreKey: RecordFault] = [:]
    /// Keys with more or fewer segments than ours.
    var foreign: Set<StoreKey> = []
    /// Until when the endpoints of bad records stay, and when the first of them goes at the earliest.
    var held: [ServiceKey: Duration] = [:]
    var firstExpiry: Duration?
    var others: [StoreKey: OtherKey] = [:]
    /// How many keys there are, with and without an endpoint.
    var keyCount = 0
    /// The sizes of the selected services, whether they fit or not.
    var sizes: [ServiceName: ServiceSize] = [:]
    /// The size of those that fit.
    var total = ServiceSize.zero
    /// The selected services that do not fit. Their endpoints stay as they were, if they were known.
    var excess: Set<ServiceName> = []
    /// The sizes that oversized services had when their endpoints were last updated.
    var frozen: [ServiceName: ServiceSize] = [:]
    var listing: Listing?
    /// Whether a whole state was read.
    var hasListed = false
    private var records = RecordReader()

    init(prefix: RegistryPrefix, hold: Duration) {
        self.prefix = prefix
        self.hold = hold
    }

    var badCount: Int { bad.count }
    var foreignCount: Int { foreign.count }
    /// When the endpoint of a bad record may have to go; not later than that.
    var nextExpiry: Duration? { held.isEmpty ? nil : firstExpiry }

    /// The services that do not fit, with their sizes.
    var oversized: [ServiceName: ServiceSize] {
        Dictionary(uniqueKeysWithValues: excess.map { ($0, sizes[$0] ?? .zero) })
    }

    /// How many keys there are, and those that changed after a revision.
    func summary(since revision: Revision) -> KeySummary {
        var changed = others.filter { $0.value.revision > revision }.mapValues(\.revision)
        for service in table.services where !excess.contains(service.name) {
            for chunk in service.chunks {
                for endpoint in chunk.endpoints where endpoint.modRevision > revision {
                    let key = StoreKey(endpoint.instance.key, under: prefix)
                    if others[key] == nil { changed[key] = endpoint.modRevision }
                }
            }
        }
        return KeySummary(
            revision: changed.values.max() ?? revision,
            count: keyCount,
            changed: changed
        )
    }

    /// Whether the store has a key, readable or not.
    func isKnown(_ key: ServiceKey) -> Bool {
        if !excess.contains(key.service), table[key] != nil { return true }
        return others[StoreKey(key, under: prefix)] != nil
    }

    // MARK: changes

    /// Reads changes.
    mutating func apply(_ events: [StoreEvent], at now: Duration) -> Reading {
        var reading = Reading()
        for event in events where event.key.isUnder(prefix) {
            switch event {
            case .put(let record): put(record, at: now, &reading)
            case .deleted(let text, let revision): delete(text, at: revision, &reading)
            }
            // At once: one message may bring a whole fleet.
            if !limits.admit(total) { keepWithinLimits(&reading, at: event.revision) }
        }
        return reading
    }

    private mutating func put(_ record: StoredRecord, at now: Duration, _ reading: inout Reading) {
        let size = Self.size(of: record)
        let other = OtherKey(revision: record.modRevision, bytes: size)
        let parsed = prefix.parse(record.key)
        if parsed == nil { foreign.insert(record.key) }
        guard let key = parsed, selection.contains(key.service) else {
            if others.updateValue(other, forKey: record.key) == nil { keyCount += 1 }
            return
        }
        let before = excess.contains(key.service) ? nil : table[key]
        count(size, in: key.service, replacing: others[record.key]?.bytes ?? before?.recordBytes)
        guard !excess.contains(key.service) else {
            others[record.key] = other
            return
        }
        reading.heard.append(key)
        if !reading.lost.isEmpty { reading.lost.removeAll { $0.instance.key == key } }
        do {
            let endpoint = try endpoint(record, key)
            let wasBad = !bad.isEmpty && bad[record.key] != nil
            forgetBad(record.key, key, &reading)
            if let endpoint {
                table.insert(endpoint)
                if !others.isEmpty { others[record.key] = nil }
            } else {
                table.remove(key)
                others[record.key] = other
            }
            if let change = EndpointChange(
                key,
                from: before,
                to: endpoint,
                at: record.modRevision
            ) {
                reading.changed.insert(key.service)
                reading.changes.append(wasBad ? change.valid : change)
            }
        } catch {
            others[record.key] = other
            if before != nil, held[key] == nil {
                if held.isEmpty { firstExpiry = now + hold }
                held[key] = now + hold
            }
            if bad.updateValue(error, forKey: record.key) != error {
                reading.reports.append(.badRecord(key: record.key, error))
                reading.changes.append(
                    EndpointChange(key, .invalid(error), at: record.modRevision)
                )
            }
        }
    }

    private mutating func delete(
        _ text: StoreKey,
        at revision: Revision,
        _ reading: inout Reading
    ) {
        let other = others.removeValue(forKey: text)
        guard let key = prefix.parse(text), selection.contains(key.service) else {
            if other != nil { keyCount -= 1 }
            foreign.remove(text)
            return
        }
        guard !excess.contains(key.service) else {
            if let other { discount(other.bytes, in: key.service) }
            if sizes[key.service] == nil {
                // Nothing is left of it, so there is nothing that does not fit.
                excess.remove(key.service)
                frozen[key.service] = nil
                reading.changes += removeAll(of: key.service, at: revision)
                reading.changed.insert(key.service)
                reading.reports.append(.limitsExceeded(oversized))
            }
            return
        }
        let before = table.remove(key)
        if let bytes = other?.bytes ?? before?.recordBytes { discount(bytes, in: key.service) }
        if before == nil, !bad.isEmpty, bad[text] != nil {
            reading.changes.append(EndpointChange(key, .removed, at: revision))
        }
        if let before {
            reading.lost.append(before)
            reading.changed.insert(key.service)
            reading.changes.append(EndpointChange(key, .vanished(before), at: revision))
        }
        forgetBad(text, key, &reading)
    }

    /// Drops endpoints of bad records whose time is over, so many at once: the others are due in a moment, so that
    /// whoever shares the thread has his turn.
    ///
    /// - Returns: Their keys.
    mutating func dropExpired(at now: Duration) -> [ServiceKey] {
        guard let next = nextExpiry, next <= now else { return [] }
        let expired = Array(
            held.lazy.filter { $0.value <= now }.prefix(EndpointChange.mostAtOnce).map(\.key)
        )
        var dropped: [ServiceKey] = []
        for key in expired {
            held[key] = nil
            if table.remove(key) != nil { dropped.append(key) }
        }
        let areMore = expired.count == EndpointChange.mostAtOnce
        firstExpiry = areMore ? now + .milliseconds(1) : held.values.min()
        return dropped
    }

    private mutating func forgetBad(_ text: StoreKey, _ key: ServiceKey, _ reading: inout Reading) {
        if !held.isEmpty { held[key] = nil }
        if !bad.isEmpty, bad.removeValue(forKey: text) != nil {
            reading.reports.append(.badRecordEnded(key: text))
        }
    }

    /// Reads a record.
    ///
    /// - Returns: `nil` when its owner is about to delete it: gone already, for whoever reads the list.
    mutating func endpoint(
        _ stored: StoredRecord,
        _ key: ServiceKey
    ) throws(RecordFault) -> Endpoint? {
        let record = try records.read(stored.value, key: key)
        guard record.state != .leaving else { return nil }
        return Endpoint(
            instance: record.instance,
            state: record.state,
            owner: record.owner,
            createRevision: stored.createRevision,
            modRevision: stored.modRevision,
            version: stored.version,
            lease: stored.lease,
            recordBytes: Self.size(of: stored)
        )
    }

    static func size(of record: StoredRecord) -> Int {
        record.key.bytes.count + record.value.count
    }
}
