/// Enough of the keys under a prefix to see whether somebody else's idea of them is right, without
/// their values.
public struct KeySummary: Hashable, Sendable {
    /// The state that it describes.
    public var revision: Revision
    /// How many keys there are.
    public var count: Int
    /// The keys that changed after the revision that was asked for, each with its last change.
    public var changed: [StoreKey: Revision]

    /// Describes keys.
    public init(revision: Revision, count: Int, changed: [StoreKey: Revision]) {
        self.revision = revision
        self.count = count
        self.changed = changed
    }
}
