public import Registry
import Synchronization

/// Renders the list of one output, again and again as it changes. Whoever has it may, one after the other.
public struct ListRenderer: Sendable {
    /// Renders a list.
    public let render: @Sendable (TableUpdate) -> Rendering

    /// Wraps a renderer of some format. A closure, and no protocol: through a protocol a generic renderer
    /// would be run unspecialized, at several times the cost.
    init(_ blocks: BlockRenderer<some ListEncoder>) {
        let blocks = Guarded(blocks)
        render = { update in blocks.value.withLock { $0.render(update) } }
    }
}

private final class Guarded<Value: Sendable>: Sendable {
    let value: Mutex<Value>

    init(_ value: Value) {
        self.value = Mutex(value)
    }
}

/// A list in its format, and what of it the format cannot carry.
public struct Rendering: Equatable, Sendable {
    /// The file.
    public var list: RenderedList
    /// The endpoints and services that were skipped, in the order of the list.
    public var rejections: [Rejection]

    /// Joins the two.
    public init(list: RenderedList, rejections: [Rejection]) {
        self.list = list
        self.rejections = rejections
    }
}
