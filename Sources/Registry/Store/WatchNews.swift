/// What a watch heard at once.
public struct WatchNews: Sendable, Equatable {
    /// The cluster it comes from.
    public var clusterID: ClusterID
    /// Where the member that tells it stands.
    public var revision: Revision
    /// The changes, oldest first. None in the first news, which says that the watch is there, and
    /// in the answer to a request for progress.
    public var events: [StoreEvent]

    /// Describes news.
    public init(clusterID: ClusterID, revision: Revision, events: [StoreEvent]) {
        self.clusterID = clusterID
        self.revision = revision
        self.events = events
    }
}
