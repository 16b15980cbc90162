import Registry

/// Renders with any encoder: one block a service, one entry an endpoint, in byte order.
///
/// Cost follows the change: entries of endpoints that did not change are kept, and so are the blocks
/// of services that did not. Where the weights of a service are scaled and their scale changes, all
/// of its entries are made anew.
struct BlockRenderer<Encoder: ListEncoder>: ListRenderer {
    private struct Block {
        /// By instance: the endpoint, and how it is said.
        var entries: [InstanceID: (endpoint: Endpoint, said: Result<Encoder.Entry, EncodingFault>)]
        var weights: WeightScale
        /// `nil` when the service is not in the file.
        var bytes: [UInt8]?
        var rejections: [Rejection] = []
        var isOld = false
    }

    private let encoder: Encoder
    private let prefix: RegistryPrefix
    private let services: [ServiceName]?
    private let filter: EndpointFilter
    private let includesDraining: Bool
    private var blocks: [ServiceName: Block] = [:]

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
        self.filter = filter
        includesDraining = includeDraining || Encoder.saysDraining
    }

    mutating func render(_ update: TableUpdate) -> Rendering {
        for name in update.changed ?? Set(blocks.keys) {
            // A named service is shown also when it has no endpoints.
            if services == nil, update.table.count(of: name) == 0 {
                blocks[name] = nil
            } else {
                blocks[name]?.isOld = true
            }
        }
        let names = services ?? update.table.names
        let origin = ListOrigin(prefix: prefix, clusterID: update.clusterID)
        let frame = encoder.frame(origin)
        var rejections: [Rejection] = []
        var pieces = frame.afterRevision.map { [$0] } ?? []
        var isFirst = true
        for name in names {
            if blocks[name]?.isOld ?? true { blocks[name] = block(name, update.table) }
            guard let block = blocks[name] else { continue }
            rejections += block.rejections
            guard let bytes = block.bytes else { continue }
            if !isFirst { pieces.append(frame.separator) }
            pieces.append(bytes)
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

    private func block(_ name: ServiceName, _ table: EndpointTable) -> Block {
        let before = blocks[name]
        let matching = table.endpoints(of: name).filter(filter.matches)
        let endpoints = includesDraining ? matching : matching.filter(\.wantsTraffic)
        let weights = encoder.weights(of: endpoints)
        let isReusable = before?.weights == weights
        var block = Block(entries: [:], weights: weights)
        var entries: [Encoder.Entry] = []
        for endpoint in endpoints {
            let id = endpoint.instance.key.instance
            let known = isReusable ? before?.entries[id] : nil
            let said =
                known.flatMap { $0.endpoint == endpoint ? $0.said : nil }
                ?? say(endpoint, weights)
            block.entries[id] = (endpoint, said)
            switch said {
            case .success(let entry): entries.append(entry)
            case .failure(let fault):
                block.rejections.append(Rejection(service: name, instance: id, fault: fault))
            }
        }
        // A service whose endpoints all drain is still there.
        guard services != nil || !matching.isEmpty else { return block }
        do throws(EncodingFault) {
            block.bytes = try encoder.block(name, entries)
        } catch {
            block.rejections = [Rejection(service: name, instance: nil, fault: error)]
        }
        return block
    }

    private func say(
        _ endpoint: Endpoint,
        _ weights: WeightScale
    ) -> Result<Encoder.Entry, EncodingFault> {
        do throws(EncodingFault) {
            return .success(try encoder.entry(endpoint, weights))
        } catch {
            return .failure(error)
        }
    }
}

extension Endpoint {
    /// Whether it is to get new traffic: it does not drain, and its weight is not 0.
    var wantsTraffic: Bool { state == .up && instance.weight > 0 }
}
