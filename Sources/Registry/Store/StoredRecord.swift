/// A key under the prefix, as the store has it: nothing in it is checked yet.
public struct StoredRecord: Hashable, Sendable {
    /// The whole key.
    public var key: String
    /// Its value.
    public var value: [UInt8]
    /// The revision that created the key.
    public var createRevision: Revision
    /// The revision of its last change.
    public var modRevision: Revision
    /// How often it changed since it was created.
    public var version: Int64
    /// The lease it dies with, or ``LeaseID/none``.
    public var lease: LeaseID

    /// Describes a key.
    public init(
        key: String,
        value: [UInt8],
        createRevision: Revision,
        modRevision: Revision,
        version: Int64,
        lease: LeaseID
    ) {
        self.key = key
        self.value = value
        self.createRevision = createRevision
        self.modRevision = modRevision
        self.version = version
        self.lease = lease
    }
}

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

/// One change under the prefix.
public enum StoreEvent: Hashable, Sendable {
    /// A key was written.
    case put(StoredRecord)
    /// A key was deleted, by a call or with its lease: the store does not say which.
    case deleted(key: String, at: Revision)

    /// The whole key.
    public var key: String {
        switch self {
        case .put(let record): record.key
        case .deleted(let key, _): key
        }
    }

    /// The revision of the change.
    public var revision: Revision {
        switch self {
        case .put(let record): record.modRevision
        case .deleted(_, let revision): revision
        }
    }
}

/// What a watch heard at once.
public struct WatchNews: Sendable, Equatable {
    /// The cluster it comes from.
    public var clusterID: ClusterID
    /// Where the member that tells it stands.
    public var revision: Revision
    /// The changes, oldest first. None in the first news, which says that the watch is there, and
    /// in the answer to a request for progress.
    public var events: [StoreEvent]

    /// Describes news.
    public init(clusterID: ClusterID, revision: Revision, events: [StoreEvent]) {
        self.clusterID = clusterID
        self.revision = revision
        self.events = events
    }
}
