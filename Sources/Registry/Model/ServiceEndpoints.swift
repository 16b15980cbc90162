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
