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

    /// Adds endpoints of one service in their order, which come after all that are there.
    mutating func append(_ endpoints: [Endpoint]) {
        guard let name = endpoints.first?.instance.key.service else { return }
        if services.last?.name != name { services.append(ServiceEndpoints(name)) }
        services[services.count - 1].append(endpoints)
        endpointCount += endpoints.count
    }

    /// Where a service is, or would be.
    private func find(_ name: ServiceName) -> (index: Int, isThere: Bool) {
        // A list that is read comes in order.
        if let last = services.last?.name, last < name { return (services.count, false) }
        let index = services.partition { $0.name >= name }
        return (index, index < services.count && services[index].name == name)
    }
}

/// A run of endpoints of one service that follow one another, never empty and never changed.
///
/// Versions of a list share the runs that did not change, so whoever keeps something per run (a rendered
/// text, a sum) sees from the object alone that it is still true.
public final class EndpointChunk: Sendable {
    /// The endpoints, by instance in byte order.
    public let endpoints: [Endpoint]

    init(_ endpoints: [Endpoint]) {
        self.endpoints = endpoints
    }
}

/// The endpoints of one service by instance in byte order, in chunks: a change makes one chunk anew and
/// shares the others with the version before.
public struct ServiceEndpoints: Sendable {
    /// A chunk that grows beyond this is split in two.
    static let largestChunk = 128
    /// A chunk that shrinks below this is joined with its neighbour.
    private static let smallestChunk = 16

    /// The service.
    public let name: ServiceName
    /// The endpoints in order; no chunk is empty.
    public private(set) var chunks: [EndpointChunk] = []
    /// How many endpoints there are.
    public private(set) var count = 0

    init(_ name: ServiceName) {
        self.name = name
    }

    /// All endpoints in order.
    public var endpoints: [Endpoint] {
        var all: [Endpoint] = []
        all.reserveCapacity(count)
        for chunk in chunks { all += chunk.endpoints }
        return all
    }

    /// Whether the other version consists of the very same chunks. Two that do not can be equal.
    public func isIdentical(to other: ServiceEndpoints) -> Bool {
        count == other.count && chunks.count == other.chunks.count
            && zip(chunks, other.chunks).allSatisfy { $0 === $1 }
    }

    subscript(instance: InstanceID) -> Endpoint? {
        guard let (chunk, place, isThere) = find(instance), isThere else { return nil }
        return chunks[chunk].endpoints[place]
    }

    /// Adds an endpoint, or replaces that of the same instance.
    ///
    /// - Returns: The one that was replaced.
    mutating func insert(_ endpoint: Endpoint) -> Endpoint? {
        guard let (index, place, isThere) = find(endpoint.instance.key.instance) else {
            chunks = [EndpointChunk([endpoint])]
            count = 1
            return nil
        }
        var endpoints = chunks[index].endpoints
        if isThere {
            let before = endpoints[place]
            endpoints[place] = endpoint
            chunks[index] = EndpointChunk(endpoints)
            return before
        }
        endpoints.insert(endpoint, at: place)
        count += 1
        if endpoints.count > Self.largestChunk {
            // A list that grows at its end leaves full chunks behind.
            let half = place == endpoints.count - 1 ? place : endpoints.count / 2
            chunks[index] = EndpointChunk(Array(endpoints[..<half]))
            chunks.insert(EndpointChunk(Array(endpoints[half...])), at: index + 1)
        } else {
            chunks[index] = EndpointChunk(endpoints)
        }
        return nil
    }

    /// Takes the endpoint of an instance out.
    ///
    /// - Returns: The one that was there.
    mutating func remove(_ instance: InstanceID) -> Endpoint? {
        guard let (index, place, isThere) = find(instance), isThere else { return nil }
        var endpoints = chunks[index].endpoints
        let before = endpoints.remove(at: place)
        count -= 1
        if endpoints.isEmpty {
            chunks.remove(at: index)
        } else {
            chunks[index] = EndpointChunk(endpoints)
            join(at: index)
        }
        return before
    }

    /// Adds a chunk whose endpoints all come after those that are there.
    mutating func append(_ endpoints: [Endpoint]) {
        guard !endpoints.isEmpty else { return }
        chunks.append(EndpointChunk(endpoints))
        count += endpoints.count
    }

    private mutating func join(at index: Int) {
        guard chunks[index].endpoints.count < Self.smallestChunk, chunks.count > 1 else { return }
        let left = max(0, index - 1)
        let both = chunks[left].endpoints + chunks[left + 1].endpoints
        guard both.count <= Self.largestChunk else { return }
        chunks[left] = EndpointChunk(both)
        chunks.remove(at: left + 1)
    }

    /// Where an instance is, or would be inserted; `nil` when there are no endpoints.
    private func find(_ instance: InstanceID) -> (chunk: Int, place: Int, isThere: Bool)? {
        guard !chunks.isEmpty else { return nil }
        // The last chunk that does not begin after it.
        let next = chunks.partition { $0.endpoints[0].instance.key.instance > instance }
        let index = max(0, next - 1)
        let endpoints = chunks[index].endpoints
        let place = endpoints.partition { $0.instance.key.instance >= instance }
        let isThere = place < endpoints.count && endpoints[place].instance.key.instance == instance
        return (index, place, isThere)
    }
}

extension ServiceEndpoints: Equatable {
    /// Whether both have equal endpoints, however they are divided into chunks.
    public static func == (left: ServiceEndpoints, right: ServiceEndpoints) -> Bool {
        guard left.name == right.name, left.count == right.count else { return false }
        var ours = Cursor(left.chunks)
        var theirs = Cursor(right.chunks)
        while let chunk = ours.chunk, let other = theirs.chunk {
            // What both share is not looked into.
            if chunk === other, ours.place == theirs.place {
                ours.skipChunk()
                theirs.skipChunk()
                continue
            }
            guard chunk.endpoints[ours.place] == other.endpoints[theirs.place] else { return false }
            ours.advance()
            theirs.advance()
        }
        return true
    }

    /// A place in a list of chunks.
    private struct Cursor {
        private let chunks: [EndpointChunk]
        private var index = 0
        private(set) var place = 0

        init(_ chunks: [EndpointChunk]) {
            self.chunks = chunks
        }

        /// The chunk that the place is in; `nil` at the end.
        var chunk: EndpointChunk? { index < chunks.count ? chunks[index] : nil }

        mutating func advance() {
            place += 1
            if place == chunks[index].endpoints.count { skipChunk() }
        }

        mutating func skipChunk() {
            index += 1
            place = 0
        }
    }
}

extension Array {
    /// The first index whose element, and so each after it, fulfils a condition; the count if none does.
    func partition(_ condition: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// A state of the list. Copies and versions share what did not change; see ``EndpointTable``.
public struct TableUpdate: Equatable, Sendable {
    /// All endpoints that the store has.
    public var table: EndpointTable
    /// Endpoints that it lost and that are perhaps alive; see ``HeldEndpoint``.
    public var held: [ServiceKey: HeldEndpoint]
    /// The cluster they come from.
    public var clusterID: ClusterID
    /// The revision at which the list was read, or last changed.
    public var revision: Revision
    /// The services that the list is of: of any other it says nothing, not even that it has no endpoints.
    public var selection: ServiceSelection
    /// The services that are beyond the limits of what is kept, with their sizes in the store. Their
    /// endpoints are those of an earlier revision, or none.
    public var oversized: [ServiceName: ServiceSize]

    /// Describes a state of the list.
    public init(
        table: EndpointTable,
        clusterID: ClusterID,
        revision: Revision,
        held: [ServiceKey: HeldEndpoint] = [:],
        selection: ServiceSelection = .all,
        oversized: [ServiceName: ServiceSize] = [:]
    ) {
        self.held = held
        self.selection = selection
        self.table = table
        self.clusterID = clusterID
        self.revision = revision
        self.oversized = oversized
    }

    /// The list as somebody shows it who holds lost endpoints for `hold`: none is left in ``held``.
    ///
    /// - Returns: The list, and when the first of the held endpoints is to go, if there is any.
    public func shown(holding hold: Duration, at now: Duration) -> (
        list: TableUpdate, until: Duration?
    ) {
        var shown = self
        shown.held = [:]
        let showing = held.values.filter { $0.since + hold > now }
        for loss in showing { shown.table.insert(loss.endpoint) }
        return (shown, showing.map { $0.since + hold }.min())
    }
}
