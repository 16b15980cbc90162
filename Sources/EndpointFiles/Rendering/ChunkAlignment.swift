import Registry

/// Finds, for each chunk of a service, what was made of it before: cost follows the change, so nothing is
/// looked up by name.
struct ChunkAlignment {
    /// The chunk itself among those before, or else where the endpoints in it were.
    enum Match: Equatable {
        case same(Int)
        case near(Int)
    }

    /// How far ahead the very same chunk is looked for: chunks are split and joined in pairs.
    private static let lookahead = 4

    private let before: [EndpointChunk]
    private var place = 0

    init(with before: [EndpointChunk]) {
        self.before = before
    }

    /// The match of the next chunk.
    mutating func next(_ chunk: EndpointChunk) -> Match {
        let ahead = place..<min(place + Self.lookahead, before.count)
        if let index = ahead.first(where: { before[$0] === chunk }) {
            place = index + 1
            return .same(index)
        }
        guard let first = chunk.endpoints.first?.instance.key.instance else { return .near(place) }
        while place + 1 < before.count,
            let start = before[place + 1].endpoints.first?.instance.key.instance, start <= first
        {
            place += 1
        }
        return .near(place)
    }
}
