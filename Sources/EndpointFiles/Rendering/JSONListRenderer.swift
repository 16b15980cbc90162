public import Registry

/// Renders the JSON list for those who want nothing else; see ``JSONListEncoder``.
public struct JSONListRenderer: Sendable {
    /// Rises only when a member is removed or changes its meaning.
    public static let schema = 1

    private var blocks: BlockRenderer<JSONListEncoder>

    /// A renderer for one list.
    ///
    /// - Parameters:
    ///   - prefix: Where the list was read.
    ///   - services: The services to show, each of them always; all that have endpoints when `nil`.
    public init(prefix: RegistryPrefix, services: [ServiceName]?) {
        blocks = BlockRenderer(JSONListEncoder(), prefix: prefix, services: services)
    }

    /// Renders a list.
    public mutating func render(_ update: TableUpdate) -> RenderedList {
        blocks.render(update).list
    }
}
