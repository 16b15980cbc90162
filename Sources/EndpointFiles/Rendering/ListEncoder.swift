public import Registry

/// One format: how it says a service and a file. Pure; ``BlockRenderer`` keeps what it said.
///
/// Most formats are a ``LineEncoder``: a service is its endpoints, one after the other. Those that sort them
/// into groups are a ``GroupEncoder``.
protocol ListEncoder: Sendable {
    associatedtype Block: RenderedBlock

    /// Whether a reader of this format can see that an endpoint wants no new traffic. When not,
    /// such an endpoint is not shown, unless the output asks for it.
    static var saysDraining: Bool { get }

    /// Whether a reader of this format can see which endpoints are preferred for their zone. When not, only those are
    /// shown.
    static var saysTiers: Bool { get }

    /// Returns the text around the blocks.
    func frame(_ origin: ListOrigin) -> ListFrame

    /// Renders a service.
    ///
    /// - Parameters:
    ///   - service: Its endpoints, perhaps none.
    ///   - choice: The endpoints to show.
    ///   - before: The same service as it was rendered before; what did not change is taken from it.
    func block(_ service: ServiceEndpoints, _ choice: EndpointChoice, after before: Block?) -> Block
}

/// A service as it stands in a file.
protocol RenderedBlock: Sendable {
    /// The version of the service that was rendered.
    var source: ServiceEndpoints { get }
    /// Its text in pieces; `nil` when the service is not in the file.
    var pieces: [[UInt8]]? { get }
    /// The tiers of its endpoints; `nil` where no zone is preferred.
    var tiers: ZoneTiers? { get }
    /// The endpoints, or the service, that were left out, with the reason.
    var rejections: [Rejection] { get }
}

/// Selects the endpoints of a service that an output shows.
struct EndpointChoice: Hashable, Sendable {
    var filter = EndpointFilter()
    /// Whether endpoints are shown that want no new traffic.
    var includesDraining = true
    /// Whether a service is in the file without endpoints.
    var includesEmpty = false
    /// Whether endpoints are shown that are not preferred for their zone.
    var includesAllTiers = true
    /// The tiers of the service's endpoints; `nil` where no zone is preferred.
    var tiers: ZoneTiers?

    /// Whether an endpoint is shown, of those that match the filter.
    func shows(_ endpoint: Endpoint) -> Bool {
        (includesDraining || endpoint.wantsTraffic)
            && (includesAllTiers || prefers(endpoint) ?? true)
    }

    /// Whether an endpoint is preferred for its zone; `nil` where no zone is preferred.
    func prefers(_ endpoint: Endpoint) -> Bool? { tiers?.prefers(endpoint.instance.zone) }
}

/// Identifies the store and the revision of a list.
struct ListOrigin: Hashable, Sendable {
    var prefix: RegistryPrefix
    var clusterID: ClusterID
}

/// The text around the blocks of a file.
struct ListFrame: Sendable {
    /// The beginning of the file; the revision follows when there is an `afterRevision`.
    var head: [UInt8] = []
    var afterRevision: [UInt8]?
    /// The separator between two blocks.
    var separator: [UInt8] = []
    var end: [UInt8] = []

    /// For formats in which a line that starts with `#` is a comment.
    static func lines(header: Bool, _ origin: ListOrigin) -> ListFrame {
        guard header else { return ListFrame() }
        let head = "# discoveryd: \(origin.prefix) of cluster \(origin.clusterID), revision "
        return ListFrame(head: Array(head.utf8), afterRevision: [0x0a])
    }
}

extension Endpoint {
    /// Whether it is to get new traffic: it does not drain, and its weight is not 0.
    var wantsTraffic: Bool { state == .up && instance.weight > 0 }
}

/// The reason why a format cannot represent an endpoint or a service.
public struct EncodingFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of obstacle.
    public enum Code: String, Hashable, Sendable {
        /// The address is a host name, and the format has only IP addresses.
        case hostName
        /// The address is `0.0.0.0` or `::`.
        case unspecifiedAddress
        /// The name of the service cannot be spelled.
        case serviceName
        /// A tag cannot be told from its neighbours.
        case tag
        /// It is longer than the reader takes.
        case tooLong
        /// A template has no way to print one of its values.
        case value
    }

    /// The kind of obstacle.
    public let code: Code
    /// The end of a sentence that starts with the endpoint or the service, with the remedy.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

/// An endpoint or a service that is skipped in a file because its format cannot represent it.
public struct Rejection: Hashable, Sendable {
    /// The service.
    public var service: ServiceName
    /// The instance that is skipped; `nil` when it is the whole service.
    public var instance: InstanceID?
    /// Why.
    public var fault: EncodingFault

    /// Creates a rejection.
    public init(service: ServiceName, instance: InstanceID?, fault: EncodingFault) {
        self.service = service
        self.instance = instance
        self.fault = fault
    }

    /// `service/instance`, or the service alone.
    public var subject: String {
        instance.map { "\(service)/\($0)" } ?? service.text
    }
}

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
