/// The place in the store's history at which all keys under a prefix were read.
public struct ListedState: Sendable, Equatable {
    /// The cluster it comes from.
    public var clusterID: ClusterID
    /// The revision and the connection. Watch after it, and nothing is missed.
    public var mark: SnapshotMark
    /// The term of the cluster's leader; it rises with each election. Zero when the store has none.
    public var raftTerm: UInt64

    /// The revision of this state.
    public var revision: Revision { mark.revision }

    /// Describes a state.
    public init(clusterID: ClusterID, mark: SnapshotMark, raftTerm: UInt64 = 0) {
        self.clusterID = clusterID
        self.mark = mark
        self.raftTerm = raftTerm
    }
}

/// All keys under a prefix at one revision.
public struct Snapshot: Sendable, Equatable {
    /// The cluster it comes from.
    public var clusterID: ClusterID
    /// Where it was taken. Watch after it, and nothing is missed.
    public var mark: SnapshotMark
    /// The keys, in byte order.
    public var records: [StoredRecord]
    /// The term of the cluster's leader; it rises with each election. Zero when the store has none.
    public var raftTerm: UInt64

    /// The revision of this state.
    public var revision: Revision { mark.revision }

    /// The state without its keys.
    public var state: ListedState {
        ListedState(clusterID: clusterID, mark: mark, raftTerm: raftTerm)
    }

    /// Describes a state.
    public init(
        clusterID: ClusterID,
        mark: SnapshotMark,
        records: [StoredRecord],
        raftTerm: UInt64 = 0
    ) {
        self.clusterID = clusterID
        self.raftTerm = raftTerm
        self.mark = mark
        self.records = records
    }
}
