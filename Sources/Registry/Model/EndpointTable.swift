/// The live endpoints of all services under the prefix.
public struct EndpointTable: Sendable, Equatable {
    private var services: [ServiceName: [InstanceID: Endpoint]] = [:]
    /// The services that have endpoints, in byte order.
    public private(set) var names: [ServiceName] = []

    /// An empty table.
    public init() {}

    /// Reads a snapshot.
    ///
    /// - Returns: Its endpoints, and the records that are left out because they cannot be read, by key.
    public static func read(
        _ snapshot: Snapshot,
        prefix: RegistryPrefix
    ) -> (table: EndpointTable, bad: [String: RecordFault]) {
        var reader = TableReader(prefix: prefix, hold: .zero)
        _ = reader.read(snapshot, at: .zero)
        return (reader.table, reader.bad)
    }

    /// How many services have endpoints.
    public var serviceCount: Int { services.count }

    /// How many endpoints there are.
    public var endpointCount: Int { services.values.reduce(0) { $0 + $1.count } }

    /// How many endpoints a service has.
    public func count(of service: ServiceName) -> Int { services[service]?.count ?? 0 }

    /// The endpoints of a service by instance, in byte order; none when there is no such service.
    public func endpoints(of service: ServiceName) -> [Endpoint] {
        (services[service] ?? [:]).values.sorted { $0.instance.key < $1.instance.key }
    }

    /// One endpoint.
    public subscript(key: ServiceKey) -> Endpoint? { services[key.service]?[key.instance] }

    /// Whether the endpoints of one service are the same in both tables.
    public func isEqual(to other: EndpointTable, in service: ServiceName) -> Bool {
        services[service] == other.services[service]
    }

    /// The services whose endpoints differ between two tables.
    public func difference(from other: EndpointTable) -> Set<ServiceName> {
        Set(services.keys).union(other.services.keys).filter { !isEqual(to: other, in: $0) }
    }

    /// Adds or replaces an endpoint.
    public mutating func insert(_ endpoint: Endpoint) {
        let key = endpoint.instance.key
        if services[key.service] == nil { names.insert(key.service, at: place(of: key.service)) }
        services[key.service, default: [:]][key.instance] = endpoint
    }

    /// Takes an endpoint out.
    ///
    /// - Returns: Whether it was there.
    @discardableResult
    public mutating func remove(_ key: ServiceKey) -> Bool {
        guard services[key.service]?.removeValue(forKey: key.instance) != nil else { return false }
        if services[key.service]?.isEmpty == true {
            services[key.service] = nil
            names.remove(at: place(of: key.service))
        }
        return true
    }

    /// Where a service is, or would be, among the names.
    private func place(of name: ServiceName) -> Int {
        // A list that is read comes in order.
        guard let last = names.last, name <= last else { return names.count }
        var (low, high) = (0, names.count)
        while low < high {
            let middle = (low + high) / 2
            if names[middle] < name { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
