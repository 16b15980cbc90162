/// The live endpoints of all services under the prefix.
///
/// A value whose versions share what did not change: a copy costs one reference, and a change after it
/// costs one chunk of endpoints and the references to the others; see ``ServiceEndpoints``.
public struct EndpointTable: Sendable, Equatable {
    /// The services that have endpoints, by name in byte order.
    public private(set) var services: [ServiceEndpoints] = []
    /// How many endpoints there are.
    public private(set) var endpointCount = 0

    /// An empty table.
    public init() {}

    /// How many services have endpoints.
    public var serviceCount: Int { services.count }

    /// The names of the services that have endpoints, in byte order.
    public var names: [ServiceName] { services.map(\.name) }

    /// A service, when it has endpoints.
    public func service(_ name: ServiceName) -> ServiceEndpoints? {
        let (index, isThere) = find(name)
        return isThere ? services[index] : nil
    }

    /// A service, without endpoints when it is not there.
    public func named(_ name: ServiceName) -> ServiceEndpoints {
        service(name) ?? ServiceEndpoints(name)
    }

    /// How many endpoints a service has.
    public func count(of name: ServiceName) -> Int { service(name)?.count ?? 0 }

    /// The endpoints of a service by instance, in byte order; none when there is no such service.
    public func endpoints(of name: ServiceName) -> [Endpoint] { service(name)?.endpoints ?? [] }

    /// One endpoint.
    public subscript(key: ServiceKey) -> Endpoint? { service(key.service)?[key.instance] }

    /// Whether the endpoints of one service are the same in both tables.
    public func isEqual(to other: EndpointTable, in name: ServiceName) -> Bool {
        service(name) == other.service(name)
    }

    /// The services whose endpoints differ between two tables, in byte order.
    public func difference(from other: EndpointTable) -> [ServiceName] {
        var differing: [ServiceName] = []
        var (left, right) = (services[...], other.services[...])
        while let ours = left.first, let theirs = right.first {
            if ours.name == theirs.name {
                if ours != theirs { differing.append(ours.name) }
                left.removeFirst()
                right.removeFirst()
            } else if ours.name < theirs.name {
                differing.append(ours.name)
                left.removeFirst()
            } else {
                differing.append(theirs.name)
                right.removeFirst()
            }
        }
        return differing + left.map(\.name) + right.map(\.name)
    }

    /// Adds an endpoint, or replaces that of the same key.
    ///
    /// - Returns: The one that was replaced.
    @discardableResult
    public mutating func insert(_ endpoint: Endpoint) -> Endpoint? {
        let name = endpoint.instance.key.service
        let (index, isThere) = find(name)
        if !isThere { services.insert(ServiceEndpoints(name), at: index) }
        let before = services[index].insert(endpoint)
        if before == nil { endpointCount += 1 }
        return before
    }

    /// Takes an endpoint out.
    ///
    /// - Returns: The one that was there.
    @discardableResult
    public mutating func remove(_ key: ServiceKey) -> Endpoint? {
        let (index, isThere) = find(key.service)
        guard isThere, let before = services[index].remove(key.instance) else { return nil }
        endpointCount -= 1
        if services[index].count == 0 { services.remove(at: index) }
        return before
    }

    /// Takes all endpoints of a service out.
    public mutating func removeAll(of name: ServiceName) {
        let (index, isThere) = find(name)
        guard isThere else { return }
        endpointCount -= services[index].count
        services.remove(at: index)
    }

    /// Takes the endpoints of a service over as another version has them, in place of its own.
    mutating func adopt(_ service: ServiceEndpoints) {
        removeAll(of: service.name)
        guard service.count > 0 else { return }
        services.insert(service, at: find(service.name).index)
        endpointCount += service.count
    }

    /// Where a service is, or would be.
    private func find(_ name: ServiceName) -> (index: Int, isThere: Bool) {
        // A list that is read comes in order.
        if let last = services.last?.name, last < name { return (services.count, false) }
        let index = services.partition { $0.name >= name }
        return (index, index < services.count && services[index].name == name)
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
            guard let name = run.first?.instance.key.service else { return }
            if table.services.last?.name != name { table.services.append(ServiceEndpoints(name)) }
            table.services[table.services.count - 1].append(run)
            table.endpointCount += run.count
            run.removeAll(keepingCapacity: true)
        }
    }
}
