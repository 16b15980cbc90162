/// One live instance as etcd tells of it: what its owner says, and what etcd knows of the key.
///
/// A value that shares its storage: a copy costs one reference, however much a record says, and two copies
/// are known to be equal without a look inside.
public struct Endpoint: Sendable {
    private var storage: Storage

    /// Joins what the owner says with what etcd knows.
    ///
    /// - Parameter recordBytes: How long the record is in etcd, key and value.
    public init(
        instance: ServiceInstance,
        state: EndpointState = .up,
        owner: OwnerID? = nil,
        createRevision: Revision,
        modRevision: Revision,
        version: Int64,
        lease: LeaseID,
        recordBytes: Int = 0
    ) {
        storage = Storage(
            instance: instance,
            state: state,
            owner: owner,
            createRevision: createRevision,
            modRevision: modRevision,
            version: version,
            lease: lease,
            recordBytes: recordBytes
        )
    }

    /// What its owner says.
    public var instance: ServiceInstance {
        get { storage.instance }
        set {
            storage = Storage(
                instance: newValue,
                state: state,
                owner: owner,
                createRevision: createRevision,
                modRevision: modRevision,
                version: version,
                lease: lease,
                recordBytes: recordBytes
            )
        }
    }

    /// What its owner says of its willingness.
    public var state: EndpointState { storage.state }

    /// The host that wrote the record, when the record says so.
    public var owner: OwnerID? { storage.owner }

    /// The revision that created the key; it stays until the key is deleted.
    public var createRevision: Revision { storage.createRevision }

    /// The revision of the key's last change.
    public var modRevision: Revision { storage.modRevision }

    /// How often the key changed since it was created; the creation counts as 1.
    public var version: Int64 { storage.version }

    /// The lease that keeps the key, or ``LeaseID/none``.
    public var lease: LeaseID { storage.lease }

    /// How long the record is in etcd, key and value, in bytes. Not part of what the endpoint is.
    public var recordBytes: Int { storage.recordBytes }

    /// Whether the two are copies of one another. Two that are not can be equal all the same.
    public func isIdentical(to other: Endpoint) -> Bool { storage === other.storage }

    private final class Storage: Sendable {
        let instance: ServiceInstance
        let state: EndpointState
        let owner: OwnerID?
        let createRevision: Revision
        let modRevision: Revision
        let version: Int64
        let lease: LeaseID
        let recordBytes: Int

        init(
            instance: ServiceInstance,
            state: EndpointState,
            owner: OwnerID?,
            createRevision: Revision,
            modRevision: Revision,
            version: Int64,
            lease: LeaseID,
            recordBytes: Int
        ) {
            self.instance = instance
            self.state = state
            self.owner = owner
            self.createRevision = createRevision
            self.modRevision = modRevision
            self.version = version
            self.lease = lease
            self.recordBytes = recordBytes
        }
    }
}

extension Endpoint: Hashable {
    /// Whether both say the same of the same key.
    public static func == (left: Endpoint, right: Endpoint) -> Bool {
        // The revisions first: where they differ nothing else need be looked at.
        left.isIdentical(to: right)
            || left.modRevision == right.modRevision && left.version == right.version
                && left.createRevision == right.createRevision && left.lease == right.lease
                && left.state == right.state && left.instance == right.instance
                && left.owner == right.owner
    }

    /// The key and its last change are enough to tell endpoints apart.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(instance.key)
        hasher.combine(modRevision)
    }
}
