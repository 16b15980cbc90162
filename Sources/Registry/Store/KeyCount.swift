/// How many keys there are under a prefix, and where the store stands: the cheapest question whose answer
/// proves something.
public struct KeyCount: Hashable, Sendable {
    /// The cluster that answered.
    public var clusterID: ClusterID
    /// The store's revision, which changes outside the prefix raise as well.
    public var revision: Revision
    /// How many keys there are under the prefix.
    public var count: Int

    /// Describes a count.
    public init(clusterID: ClusterID, revision: Revision, count: Int) {
        self.clusterID = clusterID
        self.revision = revision
        self.count = count
    }
}
