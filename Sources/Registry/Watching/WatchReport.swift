/// What the watcher reports to whoever logs and counts.
public enum WatchReport: Sendable {
    /// The list is that of the store now. Said after each snapshot.
    case synced(revision: Revision, services: Int, endpoints: Int, bad: Int, foreign: Int)
    /// The list may be old from now on; it stays as it is. Said once for each loss.
    case outOfSync(reason: String)
    /// The snapshot failed; tried again after the delay. Said each time.
    case snapshotFailed(StoreError, retryIn: Duration)
    /// The store was restored from an older state, or is another one. The list follows it.
    case restored(from: Revision, to: Revision, isOtherCluster: Bool)
    /// A record cannot be read; its last good endpoint stays for the hold time, if there was one.
    case badRecord(key: String, RecordFault)
    /// A record that could not be read is gone or good again.
    case badRecordEnded(key: String)
}

/// A new state of the list.
public struct TableUpdate: Sendable {
    /// All endpoints.
    public var table: EndpointTable
    /// The cluster they come from.
    public var clusterID: ClusterID
    /// The revision at which the list was read, or last changed.
    public var revision: Revision
    /// The services that changed since the update before; `nil` when anything may have.
    public var changed: Set<ServiceName>?

    /// Describes a state of the list.
    public init(
        table: EndpointTable,
        clusterID: ClusterID,
        revision: Revision,
        changed: Set<ServiceName>?
    ) {
        self.table = table
        self.clusterID = clusterID
        self.revision = revision
        self.changed = changed
    }
}

/// What the one watch of the prefix hears of keys, before records are looked at. The registration
/// finds its own keys in it.
public enum KeyNews: Sendable {
    /// All keys of a revision: what is not among them does not exist. After a restore revisions
    /// from before it mean nothing any more.
    case snapshot(Snapshot, isRestored: Bool)
    /// Changes, oldest first.
    case events([StoreEvent])
}
