/// One live instance as etcd tells of it: what its owner says, and what etcd knows of the key.
///
/// A value that shares its storage: a copy costs one reference, however much a record says, and two copies
/// are known to be equal without a look inside.
public struct Endpoint: Sendable {
    /// All that is said and known of it, apart from its size in etcd.
    private struct Facts: Hashable {
        var instance: ServiceInstance
        let state: EndpointState
        let owner: OwnerID?
        let createRevision: Revision
        let modRevision: Revision
        let version: Int64
        let lease: LeaseID
    }

    private final class Storage: Sendable {
        let facts: Facts
        let recordBytes: Int

        init(_ facts: Facts, recordBytes: Int) {
            self.facts = facts
            self.recordBytes = recordBytes
        }
    }

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
        let facts = Facts(
            instance: instance,
            state: state,
            owner: owner,
            createRevision: createRevision,
            modRevision: modRevision,
            version: version,
            lease: lease
        )
        storage = Storage(facts, recordBytes: recordBytes)
    }

    /// The instance as its owner describes it.
    public var instance: ServiceInstance {
        get { storage.facts.instance }
        set {
            var facts = storage.facts
            facts.instance = newValue
            storage = Storage(facts, recordBytes: recordBytes)
        }
    }

    /// The willingness to serve, as its owner says.
    public var state: EndpointState { storage.facts.state }

    /// The host that wrote the record, when the record says so.
    public var owner: OwnerID? { storage.facts.owner }

    /// The revision that created the key; it stays until the key is deleted.
    public var createRevision: Revision { storage.facts.createRevision }

    /// The revision of the key's last change.
    public var modRevision: Revision { storage.facts.modRevision }

    /// How often the key changed since it was created; the creation counts as 1.
    public var version: Int64 { storage.facts.version }

    /// The lease that keeps the key, or ``LeaseID/none``.
    public var lease: LeaseID { storage.facts.lease }

    /// The length of the record in etcd, key and value, in bytes. Two endpoints that differ in it alone are
    /// equal.
    public var recordBytes: Int { storage.recordBytes }

    /// Whether both say the same, whenever and under whichever lease it was written.
    func saysTheSame(as other: Endpoint) -> Bool {
        instance == other.instance && state == other.state && owner == other.owner
    }

    /// Whether the two are copies of one another. Two that are not can be equal all the same.
    public func isIdentical(to other: Endpoint) -> Bool { storage === other.storage }
}

extension Endpoint: Hashable {
    /// Whether both say the same of the same key.
    public static func == (left: Endpoint, right: Endpoint) -> Bool {
        // The revisions first: where they differ nothing else need be looked at.
        left.isIdentical(to: right)
            || left.modRevision == right.modRevision && left.storage.facts == right.storage.facts
    }

    /// The key and its last change are enough to tell endpoints apart.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(instance.key)
        hasher.combine(modRevision)
    }
}

/// The state of an instance, as its owner wrote it.
public enum EndpointState: String, Hashable, Sendable {
    /// In service.
    case up
    /// Still there, but to get no new traffic.
    case draining
    /// About to be deleted by its owner, on purpose. Never published: it tells an intended leave
    /// from a lost one, which etcd's own events cannot.
    case leaving

    /// Reads a record's `state`. A word of a later version reads as `draining`: the instance is
    /// there, and we do not know that it wants traffic.
    public init(read text: String?) {
        self = text.map { EndpointState(rawValue: $0) ?? .draining } ?? .up
    }
}
