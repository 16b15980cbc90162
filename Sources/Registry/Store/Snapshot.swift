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

/// Marks where a snapshot was taken, so that a watch can go on from it: at which revision, and over which
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

/// The number of keys under a prefix, and where the store stands: the answer to the cheapest question that proves
/// something.
public struct KeyCount: Hashable, Sendable {
    /// The cluster that answered.
    public var clusterID: ClusterID
    /// The store's revision, which changes outside the prefix raise as well.
    public var revision: Revision
    /// The number of keys under the prefix.
    public var count: Int

    /// Describes a count.
    public init(clusterID: ClusterID, revision: Revision, count: Int) {
        self.clusterID = clusterID
        self.revision = revision
        self.count = count
    }
}

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
