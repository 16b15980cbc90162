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
