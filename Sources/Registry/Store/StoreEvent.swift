/// One change under the prefix.
public enum StoreEvent: Hashable, Sendable {
    /// A key was written.
    case put(StoredRecord)
    /// A key was deleted, by a call or with its lease: the store does not say which.
    case deleted(key: StoreKey, at: Revision)

    /// The whole key.
    public var key: StoreKey {
        switch self {
        case .put(let record): record.key
        case .deleted(let key, _): key
        }
    }

    /// The revision of the change.
    public var revision: Revision {
        switch self {
        case .put(let record): record.modRevision
        case .deleted(_, let revision): revision
        }
    }

    /// The lease that the key is under now; none when it was deleted.
    public var lease: LeaseID {
        switch self {
        case .put(let record): record.lease
        case .deleted: .none
        }
    }
}

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
