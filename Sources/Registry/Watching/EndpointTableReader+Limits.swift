// Keeps the table within the selection and the limits.
extension EndpointTableReader {
    /// Other services are selected. Those that are no longer are dropped; the values of new ones have to
    /// be read.
    ///
    /// - Returns: The services that were dropped, and whether the list has to be read again.
    mutating func select(
        _ selection: ServiceSelection
    ) -> (dropped: Set<ServiceName>, needsList: Bool) {
        let needsList = !self.selection.isSuperset(of: selection)
        self.selection = selection
        covered = covered.intersection(selection)
        var dropped: Set<ServiceName> = []
        for name in table.names where !selection.contains(name) {
            setAside(name)
            table.removeAll(of: name)
            dropped.insert(name)
        }
        for name in sizes.keys where !selection.contains(name) {
            sizes[name] = nil
            frozen[name] = nil
            excess.remove(name)
        }
        sumUp()
        return (dropped, needsList)
    }

    /// Leaves out what does not fit any more, the largest service first.
    mutating func keepWithinLimits(_ reading: inout Reading, at revision: Revision) {
        guard !limits.admit(total) else { return }
        for name in limits.excess(of: sizes) where !excess.contains(name) {
            setAside(name)
            excess.insert(name)
            if table.count(of: name) > 0 { frozen[name] = sizes[name] }
        }
        sumUp()
        let dropped = dropFrozenBeyondLimits(at: revision)
        reading.changed.formUnion(dropped.services)
        reading.changes += dropped.changes
        reading.reports.append(.limitsExceeded(oversized))
    }

    /// Whether services that are left out would fit now, or others in their place.
    var fitsOtherwise: Bool { !excess.isEmpty && limits.excess(of: sizes) != excess }

    /// Drops old endpoints of oversized services, the largest service first, until these fit into the limits by
    /// themselves or one service is left.
    ///
    /// - Returns: These services, and what is told of their endpoints.
    mutating func dropFrozenBeyondLimits(
        at revision: Revision
    ) -> (services: Set<ServiceName>, changes: [EndpointChange]) {
        var dropped: Set<ServiceName> = []
        var changes: [EndpointChange] = []
        while frozen.count > 1, !limits.admit(sum(of: frozen, without: [])),
            let name = limits.largest(of: frozen)
        {
            frozen[name] = nil
            changes += removeAll(of: name, at: revision)
            dropped.insert(name)
        }
        return (dropped, changes)
    }

    /// Takes all endpoints of an oversized service out.
    ///
    /// - Returns: What is told of them.
    mutating func removeAll(of name: ServiceName, at revision: Revision) -> [EndpointChange] {
        defer { table.removeAll(of: name) }
        return table.named(name).endpoints.prefix(EndpointChange.mostAtOnce).map {
            EndpointChange($0.instance.key, .oversized, at: revision)
        }
    }

    /// From now on no more is known of the keys of a service than that they are there.
    private mutating func setAside(_ name: ServiceName) {
        guard let service = table.service(name), !excess.contains(name) else { return }
        for endpoint in service.endpoints {
            let key = StoreKey(endpoint.instance.key, under: prefix)
            held[endpoint.instance.key] = nil
            guard others[key] == nil else { continue }
            others[key] = OtherKey(revision: endpoint.modRevision, bytes: endpoint.recordBytes)
        }
        for key in bad.keys where prefix.parse(key)?.service == name { bad[key] = nil }
    }

    /// A key was put.
    mutating func count(_ bytes: Int, in name: ServiceName, replacing before: Int?) {
        let change = ServiceSize(keys: before == nil ? 1 : 0, bytes: bytes - (before ?? 0))
        sizes[name, default: .zero] += change
        if !excess.contains(name) { total += change }
        keyCount += change.keys
    }

    /// A key was deleted.
    mutating func discount(_ bytes: Int, in name: ServiceName) {
        let size = ServiceSize(keys: 1, bytes: bytes)
        sizes[name]? -= size
        if sizes[name]?.keys == 0 { sizes[name] = nil }
        if !excess.contains(name) { total -= size }
        keyCount -= 1
    }

    func sum(of sizes: [ServiceName: ServiceSize], without excess: Set<ServiceName>) -> ServiceSize
    {
        sizes.reduce(into: .zero) { total, size in
            if !excess.contains(size.key) { total += size.value }
        }
    }

    private mutating func sumUp() { total = sum(of: sizes, without: excess) }
}
