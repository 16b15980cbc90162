public import Files
public import Programs
public import Registry
import Synchronization

/// Renders the list of one output, again and again as it changes. Several loops may use it, one after the other.
public final class ListRenderer: Sendable {
    private let rendered: @Sendable (TableUpdate, Duration) -> Rendering

    /// Wraps a renderer of some format. A closure, and no protocol: through a protocol a generic renderer
    /// would be run unspecialized, at several times the cost.
    init(_ blocks: BlockRenderer<some ListEncoder>) {
        let blocks = Guarded(blocks)
        rendered = { update, now in blocks.value.withLock { $0.render(update, at: now) } }
    }

    /// Renders a list.
    ///
    /// - Parameter now: The time on the timeline on which choices between zones are held. Whoever renders a single
    ///   list need not say it.
    public func render(_ update: TableUpdate, at now: Duration = .zero) -> Rendering {
        rendered(update, now)
    }

    /// Wraps a renderer of a template.
    init(_ template: TemplateRenderer) {
        let template = Guarded(template)
        rendered = { update, now in template.value.withLock { $0.render(update, at: now) } }
    }

    private final class Guarded<Value: Sendable>: Sendable {
        let value: Mutex<Value>

        init(_ value: Value) {
            self.value = Mutex(value)
        }
    }
}

extension EndpointOutput {
    /// A renderer for this output: chooses the encoder of its format.
    ///
    /// - Parameter prefix: Where the list is read.
    public func renderer(prefix: RegistryPrefix) -> ListRenderer {
        switch format {
        case .json: renderer(JSONListEncoder(), prefix)
        case .prometheus: renderer(PrometheusEncoder(), prefix)
        case .haproxy(let resolvers, let options):
            renderer(
                HAProxyEncoder(
                    header: header,
                    resolvers: resolvers,
                    options: options,
                    hasBackups: zones != nil
                ),
                prefix
            )
        case .nginx: renderer(NginxEncoder(header: header), prefix)
        case .envoy: renderer(EnvoyEncoder(), prefix)
        case .hosts(let domain): renderer(HostsEncoder(domain: domain, header: header), prefix)
        case .env: renderer(EnvironmentEncoder(header: header), prefix)
        case .lines: renderer(LinesEncoder(header: header), prefix)
        case .template(let template):
            ListRenderer(
                TemplateRenderer(
                    template,
                    prefix: prefix,
                    services: services,
                    filter: filter,
                    includeDraining: includeDraining,
                    zones: zones
                )
            )
        }
    }

    private func renderer(
        _ encoder: some ListEncoder,
        _ prefix: RegistryPrefix
    ) -> ListRenderer {
        ListRenderer(
            BlockRenderer(
                encoder,
                prefix: prefix,
                services: services,
                filter: filter,
                includeDraining: includeDraining,
                zones: zones
            )
        )
    }
}

/// The renderers of all outputs, those of other publishers included: two that show the same in the same
/// format are rendered once.
public final class RendererPool: Sendable {
    /// Everything that the rendering of a list depends on, apart from the list.
    private struct Look: Hashable {
        var format: ListFormat
        var services: [ServiceName]?
        var filter: EndpointFilter
        var includeDraining: Bool
        var header: Bool
        var zones: ZonePreference?
        /// Where zones are preferred: what was chosen before counts, and two outputs may have seen different lists.
        var path: String?
    }

    private struct Entry {
        weak var renderer: ListRenderer?
    }

    private let prefix: RegistryPrefix
    private let renderers = Mutex<[Look: Entry]>([:])

    /// No renderers yet.
    ///
    /// - Parameter prefix: Where the list is read; it stands in the files.
    public init(prefix: RegistryPrefix) {
        self.prefix = prefix
    }

    /// The renderer for an output. It lives for as long as somebody has it.
    func renderer(of output: EndpointOutput) -> ListRenderer {
        let look = Look(
            format: output.format,
            services: output.services,
            filter: output.filter,
            includeDraining: output.includeDraining,
            header: output.header,
            zones: output.zones,
            path: output.zones == nil ? nil : output.path
        )
        return renderers.withLock { renderers in
            if let known = renderers[look]?.renderer { return known }
            renderers = renderers.filter { $0.value.renderer != nil }
            let new = output.renderer(prefix: prefix)
            renderers[look] = Entry(renderer: new)
            return new
        }
    }
}

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
    /// The choices between zones; `nil` where none is preferred.
    private var zones: ZoneChoices?
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
    ///   - zones: Which zones it prefers.
    init(
        _ encoder: Encoder,
        prefix: RegistryPrefix,
        services: [ServiceName]?,
        filter: EndpointFilter = EndpointFilter(),
        includeDraining: Bool = false,
        zones: ZonePreference? = nil
    ) {
        self.encoder = encoder
        self.prefix = prefix
        self.services = services.map { Set($0).sorted() }
        choice = EndpointChoice(
            filter: filter,
            includesDraining: includeDraining || Encoder.saysDraining,
            // A named service is shown also when it has no endpoints.
            includesEmpty: services != nil,
            includesAllTiers: Encoder.saysTiers
        )
        self.zones = zones.map { ZoneChoices($0, filter: filter) }
    }

    mutating func render(_ update: TableUpdate, at now: Duration = .zero) -> Rendering {
        let services = services.map { $0.map(update.table.named) } ?? update.table.services
        renderBlocks(of: services, at: now)
        zones?.keep(services)
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
        return Rendering(
            list: list,
            rejections: rejections,
            spilling: zones?.spilling ?? [],
            until: zones?.deadline
        )
    }

    /// Both the services and the blocks come in the order of the names.
    private mutating func renderBlocks(of services: [ServiceEndpoints], at now: Duration) {
        guard !hasBlocks(for: services) else {
            for index in services.indices {
                blocks[index] = block(services[index], after: blocks[index], at: now)
            }
            return
        }
        var known = blocks[...]
        var blocks: [Encoder.Block] = []
        blocks.reserveCapacity(services.count)
        for service in services {
            while let first = known.first, first.source.name < service.name { known.removeFirst() }
            let before = known.first.flatMap { $0.source.name == service.name ? $0 : nil }
            blocks.append(block(service, after: before, at: now))
        }
        self.blocks = blocks
    }

    /// The block of a service: the one before, where it is still true.
    private mutating func block(
        _ service: ServiceEndpoints,
        after before: Encoder.Block?,
        at now: Duration
    ) -> Encoder.Block {
        let tiers = zones?.tiers(of: service, at: now)
        if let before, before.source.isIdentical(to: service), before.tiers == tiers {
            return before
        }
        var choice = choice
        choice.tiers = tiers
        return encoder.block(service, choice, after: before)
    }

    /// Whether the services are those of the last time, as they nearly always are.
    private func hasBlocks(for services: [ServiceEndpoints]) -> Bool {
        services.count == blocks.count
            && services.indices.allSatisfy { services[$0].name == blocks[$0].source.name }
    }
}

/// A list in its format, and what of it the format cannot carry.
public struct Rendering: Equatable, Sendable {
    /// The file.
    public var list: RenderedList
    /// The endpoints and services that were skipped, in the order of the list.
    public var rejections: [Rejection]
    /// The services whose traffic leaves the most preferred zone, in byte order.
    public var spilling: [ServiceName]
    /// When the same list has to be rendered again, because a choice between zones is held until then; `nil` when
    /// nothing is.
    public var until: Duration?
    /// The reason why there is no file: the template of the output could not be rendered. `nil` for all other formats.
    public var fault: ProgramFault?

    /// Joins the two.
    public init(
        list: RenderedList,
        rejections: [Rejection],
        spilling: [ServiceName] = [],
        until: Duration? = nil,
        fault: ProgramFault? = nil
    ) {
        self.list = list
        self.rejections = rejections
        self.spilling = spilling
        self.until = until
        self.fault = fault
    }
}

/// A list as it stands in a file: its bytes, with the revision held apart.
///
/// The revision tells when the list was read, and two reads of the same list differ in it. Whether
/// a file needs to be written is a question about everything else.
///
/// The part after the revision is in pieces, one for each service and for the text between them. A
/// piece that did not change shares its memory with the one of the rendering before, so that neither
/// rendering a large list nor comparing it costs as much as the list is long.
public struct RenderedList: Equatable, Sendable {
    /// The part before the revision; for a file without its revision, the part before the pieces.
    public let head: [UInt8]
    /// The revision at which the list was read or last changed.
    public let revision: Revision
    /// The part after it, in order.
    public let pieces: [[UInt8]]
    /// Whether the file says its revision.
    public let saysRevision: Bool

    /// Joins the parts of a file.
    public init(head: [UInt8], revision: Revision, pieces: [[UInt8]], saysRevision: Bool) {
        self.head = head
        self.revision = revision
        self.pieces = pieces
        self.saysRevision = saysRevision
    }

    /// The file.
    public var content: FileContent {
        FileContent([head] + (saysRevision ? [Array(revision.description.utf8)] : []) + pieces)
    }

    /// The file in one piece.
    public var bytes: [UInt8] { content.bytes }

    /// Whether a file holds the same list, at whatever revision.
    public func isSameList(as file: [UInt8]) -> Bool {
        guard file.starts(with: head) else { return false }
        let tail = file.count - FileContent(pieces).count
        guard tail >= head.count else { return false }
        let digits = file[head.count..<tail]
        guard saysRevision != digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { return false }
        var place = tail
        for piece in pieces {
            guard file[place..<(place + piece.count)] == piece[...] else { return false }
            place += piece.count
        }
        return true
    }

    /// Whether another rendering is the same list, at whatever revision.
    public func isSameList(as other: RenderedList) -> Bool {
        saysRevision == other.saysRevision && head == other.head
            && FileContent(pieces).hasSameBytes(as: FileContent(other.pieces))
    }

    /// Whether both are the same list at the same revision, however they are divided into pieces.
    public static func == (left: RenderedList, right: RenderedList) -> Bool {
        left.revision == right.revision && left.isSameList(as: right)
    }
}
