// A whole state of the store, page by page.
extension EndpointTableReader {
    /// Collects the pages of a whole state. Nothing of it is published before the last one.
    struct Listing: Sendable {
        var table = EndpointTable.Builder()
        var bad: [StoreKey: RecordFault] = [:]
        var foreign: Set<StoreKey> = []
        var held: [ServiceKey: Duration] = [:]
        var others: [StoreKey: OtherKey] = [:]
        var keyCount = 0
        var sizes: [ServiceName: ServiceSize] = [:]
        var total = ServiceSize.zero
        var excess: Set<ServiceName> = []
        var reports: [WatchReport] = []
        /// What became invalid.
        var changes: [EndpointChange] = []
        /// How often it was begun anew because other services fit than were thought to.
        var attempts = 1
    }

    /// A listing begins; one that was under way is given up.
    mutating func listingBegan() {
        var next = Listing()
        // What did not fit before does not have to be read to be seen not to fit.
        next.excess = limits.excess(of: sizes)
        next.attempts = 1
        listing = next
    }

    /// Reads a page; pages come in the order of their keys.
    mutating func read(_ page: [StoredRecord], at now: Duration) {
        guard var listing else { return }
        // Held once: otherwise each change would copy what was read before it.
        self.listing = nil
        for record in page where record.key.isUnder(prefix) {
            read(record, at: now, into: &listing)
        }
        self.listing = listing
    }

    private mutating func read(
        _ record: StoredRecord,
        at now: Duration,
        into listing: inout Listing
    ) {
        listing.keyCount += 1
        let size = Self.size(of: record)
        let other = OtherKey(revision: record.modRevision, bytes: size)
        guard let key = prefix.parse(record.key) else {
            listing.foreign.insert(record.key)
            listing.others[record.key] = other
            return
        }
        guard selection.contains(key.service) else {
            listing.others[record.key] = other
            return
        }
        listing.sizes[key.service, default: .zero] += ServiceSize(keys: 1, bytes: size)
        guard !listing.excess.contains(key.service) else {
            listing.others[record.key] = other
            return
        }
        listing.total += ServiceSize(keys: 1, bytes: size)
        let before = table.endpointCount > 0 ? table[key] : nil
        do {
            if let endpoint = try endpoint(record, key) {
                // The same as before is shared with the version before.
                listing.table.add(before.flatMap { $0 == endpoint ? $0 : nil } ?? endpoint)
            } else {
                listing.others[record.key] = other
            }
        } catch {
            listing.others[record.key] = other
            if let before {
                listing.table.add(before)
                listing.held[key] = held[key] ?? now + hold
            }
            listing.bad[record.key] = error
            if bad[record.key] != error {
                listing.reports.append(.badRecord(key: record.key, error))
                listing.changes.append(
                    EndpointChange(key, .invalid(error), at: record.modRevision)
                )
            }
        }
        if !limits.admit(listing.total) { leaveOutLargest(of: &listing) }
    }

    /// Pages come one after the other, so what does not fit is found before all is known.
    private mutating func leaveOutLargest(of listing: inout Listing) {
        let included = listing.sizes.filter { !listing.excess.contains($0.key) }
        guard let name = limits.largest(of: included) else { return }
        listing.excess.insert(name)
        listing.total = sum(of: listing.sizes, without: listing.excess)
        for endpoint in listing.table.removeAll(of: name) {
            let key = StoreKey(endpoint.instance.key, under: prefix)
            guard listing.others[key] == nil else { continue }
            listing.others[key] = OtherKey(
                revision: endpoint.modRevision,
                bytes: endpoint.recordBytes
            )
        }
    }

    /// All pages are read; what was not among them is gone.
    ///
    /// - Parameter revision: That of the state.
    /// - Returns: `nil` when services were left out that would fit, now that all sizes are known: then
    ///   the list has to be read once more, and nobody is to be told.
    mutating func listingEnded(at revision: Revision = .zero) -> Reading? {
        guard var ended = listing else { return Reading() }
        let excess = limits.excess(of: ended.sizes)
        guard ended.excess.isSubset(of: excess) || ended.attempts >= Self.mostAttempts else {
            listing = Listing()
            listing?.excess = excess
            listing?.attempts = ended.attempts + 1
            return nil
        }
        listing = nil
        covered = selection
        while !limits.admit(ended.total) { leaveOutLargest(of: &ended) }
        return adopt(ended, at: revision)
    }

    private static let mostAttempts = 3

    private mutating func adopt(_ listing: Listing, at revision: Revision) -> Reading {
        var listing = listing
        let before = self
        var reading = Reading(reports: listing.reports)
        table = listing.table.finish()
        (bad, foreign, held, others) = (
            listing.bad, listing.foreign, listing.held, listing.others
        )
        (keyCount, sizes, total, excess) = (
            listing.keyCount, listing.sizes, listing.total, listing.excess
        )
        firstExpiry = held.values.min()
        frozen = [:]
        for name in excess.sorted() {
            guard let old = before.table.service(name) else { continue }
            table.adopt(old)
            frozen[name] = before.frozen[name] ?? before.sizes[name]
        }
        _ = dropFrozenBeyondLimits()
        for key in before.bad.keys.sorted() where bad[key] == nil {
            reading.reports.append(.badRecordEnded(key: key))
        }
        if excess != before.excess { reading.reports.append(.limitsExceeded(oversized)) }
        reading.changed = Set(table.difference(from: before.table))
        for name in reading.changed.sorted() where !excess.contains(name) {
            reading.lost += before.table.endpoints(of: name).filter {
                !isKnown($0.instance.key)
            }
        }
        reading.changes = Array(listing.changes.prefix(EndpointChange.mostOfOneList))
        if hasListed {
            reading.changes += table.changes(
                from: before.table,
                in: reading.changed.subtracting(excess).sorted(),
                atMost: EndpointChange.mostOfOneList,
                at: revision,
                hasRecord: isKnown
            )
        }
        hasListed = true
        return reading
    }

    /// Reads a whole state at once.
    mutating func read(_ snapshot: Snapshot, at now: Duration) -> Reading {
        while true {
            if listing == nil { listingBegan() }
            read(snapshot.records, at: now)
            if let reading = listingEnded() { return reading }
        }
    }
}

extension EndpointTable {
    /// Reads a snapshot.
    ///
    /// - Returns: Its endpoints, and the records that are left out because they cannot be read, by key.
    public static func read(
        _ snapshot: Snapshot,
        prefix: RegistryPrefix
    ) -> (table: EndpointTable, bad: [StoreKey: RecordFault]) {
        var reader = EndpointTableReader(prefix: prefix, hold: .zero)
        _ = reader.read(snapshot, at: .zero)
        return (reader.table, reader.bad)
    }

    /// Builds a table from endpoints that come in the order of their keys, without making each chunk
    /// again for each of its endpoints. What comes out of order is inserted one by one.
    struct Builder: Sendable {
        private var table = EndpointTable()
        /// The last endpoints, of one service and in order; they come after all of it in the table.
        private var run: [Endpoint] = []

        mutating func add(_ endpoint: Endpoint) {
            let key = endpoint.instance.key
            if let last = run.last?.instance.key {
                if key.service == last.service, last.instance < key.instance,
                    run.count < ServiceEndpoints.largestChunk / 2
                {
                    run.append(endpoint)
                    return
                }
                flush()
            }
            guard table.services.last.map({ comesAfter($0, key) }) ?? true else {
                table.insert(endpoint)
                return
            }
            run.append(endpoint)
        }

        /// Takes all endpoints of a service out again.
        mutating func removeAll(of name: ServiceName) -> [Endpoint] {
            flush()
            let endpoints = table.endpoints(of: name)
            table.removeAll(of: name)
            return endpoints
        }

        /// The table so far.
        mutating func finish() -> EndpointTable {
            flush()
            return table
        }

        private func comesAfter(_ last: ServiceEndpoints, _ key: ServiceKey) -> Bool {
            guard last.name == key.service else { return last.name < key.service }
            guard let end = last.chunks.last?.endpoints.last?.instance.key else { return true }
            return end.instance < key.instance
        }

        private mutating func flush() {
            table.append(run)
            run.removeAll(keepingCapacity: true)
        }
    }
}
