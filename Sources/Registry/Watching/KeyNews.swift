/// The changes of keys that the one watch of the prefix receives, before records are decoded. The
/// registration finds its own keys in it.
public enum KeyNews: Sendable {
    /// A page of the keys of a whole state. The first one begins a new state.
    case page([StoredRecord], isFirst: Bool)
    /// The state is complete: a key that was on none of its pages does not exist at that revision. After a
    /// restore revisions from before it mean nothing any more.
    case listed(at: Revision, isRestored: Bool)
    /// Changes, oldest first.
    case events([StoreEvent])
}
