/// Enough of the keys under a prefix to see whether somebody else's idea of them is right.
public struct KeySummary: Hashable, Sendable {
    /// How many keys there are.
    public var count: Int
    /// The latest change of any of them; zero when there is none.
    public var highest: Revision

    /// Describes keys.
    public init(count: Int, highest: Revision) {
        self.count = count
        self.highest = highest
    }
}
