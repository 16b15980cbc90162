public import Registry
import Synchronization

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
    }

    private struct Entry {
        weak var renderer: SharedRenderer?
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
    func renderer(of output: EndpointOutput) -> SharedRenderer {
        let look = Look(
            format: output.format,
            services: output.services,
            filter: output.filter,
            includeDraining: output.includeDraining,
            header: output.header
        )
        return renderers.withLock { renderers in
            if let known = renderers[look]?.renderer { return known }
            renderers = renderers.filter { $0.value.renderer != nil }
            let new = SharedRenderer(output.renderer(prefix: prefix))
            renderers[look] = Entry(renderer: new)
            return new
        }
    }
}

/// A renderer that several loops use, one after the other.
final class SharedRenderer: Sendable {
    private let renderer: ListRenderer

    init(_ renderer: ListRenderer) {
        self.renderer = renderer
    }

    func render(_ update: TableUpdate) -> Rendering { renderer.render(update) }
}
