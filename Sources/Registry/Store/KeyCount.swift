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
