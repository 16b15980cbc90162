/// The state of a lease in the store.
public struct LeaseTerm: Hashable, Sendable {
    /// The cluster that granted it; in another one the same id means nothing.
    public var clusterID: ClusterID
    /// The time to live it was granted with.
    public var granted: Duration
    /// How long it lives from now on, without a keep-alive.
    public var remaining: Duration
    /// The keys under it, where the store was asked for them and may tell; in no order.
    public var keys: [String]

    /// Describes a lease; one that was just granted or renewed has all its time before it.
    public init(
        clusterID: ClusterID,
        granted: Duration,
        remaining: Duration? = nil,
        keys: [String] = []
    ) {
        self.clusterID = clusterID
        self.granted = granted
        self.remaining = remaining ?? granted
        self.keys = keys
    }
}
