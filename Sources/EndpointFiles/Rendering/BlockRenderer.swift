import Registry

/// Renders with any encoder: one block a service, in byte order.
///
/// Cost follows the change: a block is kept until its service has changed, and what of a service did not
/// change is taken over. That is seen from the identity of what the versions of a list share, so it does
/// not matter which versions were rendered before.
struct BlockRenderer<Encoder: ListEncoder>: Sendable {
    private let encoder: Encoder
    private let prefix: RegistryPrefix
    private let services: [ServiceName]?
    private let choice: EndpointChoice
    /// By name of the service.
    private var blocks: [Encoder.Block] = []

    /// A renderer for one output.
    ///
    /// - Parameters:
    ///   - prefix: Where the list is read.
    ///   - services: The services to show, each of them always; all that have endpoints when `nil`.
    ///   - filter: The endpoints to show.
    ///   - includeDraining: Whether a format that cannot say it shows endpoints that want no new
    ///     traffic.
    init(
        _ encoder: Encoder,
        prefix: RegistryPrefix,
        services: [ServiceName]?,
        filter: EndpointFilter = EndpointFilter(),
        includeDraining: Bool = false
    ) {
        self.encoder = encoder
        self.prefix = prefix
        self.services = services.map { Set($0).sorted() }
        choice = EndpointChoice(
            filter: filter,
            includesDraining: includeDraining || Encoder.saysDraining,
            // A named service is shown also when it has no endpoints.
            includesEmpty: services != nil
        )
    }

    mutating func render(_ update: TableUpdate) -> Rendering {
        renderBlocks(of: services.map { $0.map(update.table.named) } ?? update.table.services)
        let frame = encoder.frame(ListOrigin(prefix: prefix, clusterID: update.clusterID))
        var rejections: [Rejection] = []
        var pieces = frame.afterRevision.map { [$0] } ?? []
        var isFirst = true
        for block in blocks {
            rejections += block.rejections
            guard let texts = block.pieces else { continue }
            if !isFirst, !frame.separator.isEmpty { pieces.append(frame.separator) }
            pieces += texts
            isFirst = false
        }
        pieces.append(frame.end)
        let list = RenderedList(
            head: frame.head,
            revision: update.revision,
            pieces: pieces,
            saysRevision: frame.afterRevision != nil
        )
        return Rendering(list: list, rejections: rejections)
    }

    /// Both the services and the blocks come in the order of the names.
    private mutating func renderBlocks(of services: [ServiceEndpoints]) {
        guard !hasBlocks(for: services) else {
            for index in services.indices
            where !blocks[index].source.isIdentical(to: services[index]) {
                blocks[index] = encoder.block(services[index], choice, after: blocks[index])
            }
            return
        }
        var known = blocks[...]
        var blocks: [Encoder.Block] = []
        blocks.reserveCapacity(services.count)
        for service in services {
            while let first = known.first, first.source.name < service.name { known.removeFirst() }
            let before = known.first.flatMap { $0.source.name == service.name ? $0 : nil }
            if let before, before.source.isIdentical(to: service) {
                blocks.append(before)
            } else {
                blocks.append(encoder.block(service, choice, after: before))
            }
        }
        self.blocks = blocks
    }

    /// Whether the services are those of the last time, as they nearly always are.
    private func hasBlocks(for services: [ServiceEndpoints]) -> Bool {
        services.count == blocks.count
            && services.indices.allSatisfy { services[$0].name == blocks[$0].source.name }
    }
}
