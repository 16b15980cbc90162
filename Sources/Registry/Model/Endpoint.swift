/// One live instance as etcd tells of it: what its owner says, and what etcd knows of the key.
public struct Endpoint: Hashable, Sendable {
    /// What its owner says.
    public var instance: ServiceInstance
    /// What its owner says of its willingness.
    public var state: EndpointState
    /// The host that wrote the record, when the record says so.
    public var owner: OwnerID?
    /// The revision that created the key; it stays until the key is deleted.
    public var createRevision: Revision
    /// The revision of the key's last change.
    public var modRevision: Revision
    /// How often the key changed since it was created; the creation counts as 1.
    public var version: Int64
    /// The lease that keeps the key, or ``LeaseID/none``.
    public var lease: LeaseID

    /// Joins what the owner says with what etcd knows.
    public init(
        instance: ServiceInstance,
        state: EndpointState = .up,
        owner: OwnerID? = nil,
        createRevision: Revision,
        modRevision: Revision,
        version: Int64,
        lease: LeaseID
    ) {
        self.instance = instance
        self.state = state
        self.owner = owner
        self.createRevision = createRevision
        self.modRevision = modRevision
        self.version = version
        self.lease = lease
    }
}
