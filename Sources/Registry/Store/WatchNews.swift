/// The events that a watch received at once.
public struct WatchNews: Sendable, Equatable {
    /// The cluster it comes from.
    public var clusterID: ClusterID
    /// Where the member that tells it stands.
    public var revision: Revision
    /// The changes, oldest first. None in the first news, which says that the watch is there, and
    /// in the answer to a request for progress.
    public var events: [StoreEvent]
    /// The term of the cluster's leader; it rises with each election. Zero when the store has none.
    public var raftTerm: UInt64

    /// Describes news.
    public init(
        clusterID: ClusterID,
        revision: Revision,
        events: [StoreEvent],
        raftTerm: UInt64 = 0
    ) {
        self.clusterID = clusterID
        self.raftTerm = raftTerm
        self.revision = revision
        self.events = events
    }
}
