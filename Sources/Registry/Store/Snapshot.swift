/// All keys under a prefix at one revision.
public struct Snapshot: Sendable, Equatable {
    /// The cluster it comes from.
    public var clusterID: ClusterID
    /// The revision of this state. Watch after it, and nothing is missed.
    public var revision: Revision
    /// The keys, in byte order.
    public var records: [StoredRecord]

    /// Describes a state.
    public init(clusterID: ClusterID, revision: Revision, records: [StoredRecord]) {
        self.clusterID = clusterID
        self.revision = revision
        self.records = records
    }
}
