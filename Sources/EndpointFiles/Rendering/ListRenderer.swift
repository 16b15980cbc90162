public import Registry

/// Renders the list of one output, again and again as it changes.
public protocol ListRenderer: Sendable {
    /// Renders a list.
    mutating func render(_ update: TableUpdate) -> Rendering
}

/// A list in its format, and what of it the format cannot carry.
public struct Rendering: Equatable, Sendable {
    /// The file.
    public var list: RenderedList
    /// What was left out of it, in the order of the list.
    public var rejections: [Rejection]

    /// Joins the two.
    public init(list: RenderedList, rejections: [Rejection]) {
        self.list = list
        self.rejections = rejections
    }
}
