/// Where a snapshot was taken, so that a watch can go on from it: at which revision, and over which
/// connection.
///
/// The revision alone is not enough. A store that was wiped between the snapshot and the watch may
/// have come past that revision again, under the same cluster id: the watch would then tell changes
/// of another life. Over one and the same connection the store cannot have been away.
public struct SnapshotMark: Hashable, Sendable {
    /// The revision of the state.
    public var revision: Revision
    /// Counts the store's connections; means nothing to anybody else.
    public var connection: Int

    /// Marks a place.
    public init(revision: Revision, connection: Int) {
        self.revision = revision
        self.connection = connection
    }
}
