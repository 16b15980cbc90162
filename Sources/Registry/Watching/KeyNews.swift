/// What the one watch of the prefix hears of keys, before records are looked at. The registration
/// finds its own keys in it.
public enum KeyNews: Sendable {
    /// All keys of a revision: what is not among them does not exist. After a restore revisions
    /// from before it mean nothing any more.
    case snapshot(Snapshot, isRestored: Bool)
    /// Changes, oldest first.
    case events([StoreEvent])
}
