import Registry

/// One format: how it says an endpoint, a service, and a file. Pure; ``BlockRenderer`` keeps what
/// it said.
protocol ListEncoder: Sendable {
    /// An endpoint in this format, ready to be put into the block of its service.
    associatedtype Entry: Sendable

    /// Whether a reader of this format can see that an endpoint wants no new traffic. When not,
    /// such an endpoint is not shown, unless the output asks for it.
    static var saysDraining: Bool { get }

    /// How the weights of a service's endpoints are written.
    func weights(of endpoints: [Endpoint]) -> WeightScale

    /// Says an endpoint. What it says must follow from the arguments alone.
    ///
    /// - Throws: ``EncodingFault`` when the format cannot carry it; it is left out.
    func entry(_ endpoint: Endpoint, _ weights: WeightScale) throws(EncodingFault) -> Entry

    /// Says a service.
    ///
    /// - Parameter entries: In the order of the instances; none when the service is empty.
    /// - Throws: ``EncodingFault`` when the format cannot carry it; the whole service is left out.
    func block(_ service: ServiceName, _ entries: [Entry]) throws(EncodingFault) -> [UInt8]

    /// What stands around the blocks.
    func frame(_ origin: ListOrigin) -> ListFrame
}

extension ListEncoder {
    func weights(of endpoints: [Endpoint]) -> WeightScale { .unchanged }
}

/// Where a list was read.
struct ListOrigin: Hashable, Sendable {
    var prefix: RegistryPrefix
    var clusterID: ClusterID
}

/// What stands around the blocks of a file.
struct ListFrame: Sendable {
    /// What comes first; the revision follows when there is an `afterRevision`.
    var head: [UInt8] = []
    var afterRevision: [UInt8]?
    /// What stands between two blocks.
    var separator: [UInt8] = []
    var end: [UInt8] = []

    /// For formats in which a line that starts with `#` is a comment.
    static func lines(header: Bool, _ origin: ListOrigin) -> ListFrame {
        guard header else { return ListFrame() }
        let head = "# discoveryd: \(origin.prefix) of cluster \(origin.clusterID), revision "
        return ListFrame(head: Array(head.utf8), afterRevision: [0x0a])
    }
}
