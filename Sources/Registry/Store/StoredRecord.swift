/// A key under the prefix, as the store has it: nothing in it is checked yet.
public struct StoredRecord: Hashable, Sendable {
    /// The whole key.
    public var key: StoreKey
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
        key: StoreKey,
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

/// A key in the store: any bytes.
///
/// Two keys are the same when their bytes are. As texts, `é` written as one character and as two would be
/// the same, and so would be all keys that are not UTF-8: a list of them could never agree with the store.
public struct StoreKey: Hashable, Comparable, Sendable {
    /// The bytes themselves.
    public let bytes: [UInt8]

    /// Wraps bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The UTF-8 of a text.
    public init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The key of an instance.
    public init(_ key: ServiceKey, under prefix: RegistryPrefix) {
        self.init(prefix.key(key))
    }

    /// Whether it lies under a prefix.
    public func isUnder(_ prefix: RegistryPrefix) -> Bool {
        bytes.starts(with: prefix.text.utf8)
    }

    /// Byte order, the order of keys in etcd.
    public static func < (left: StoreKey, right: StoreKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension StoreKey: ExpressibleByStringInterpolation, CustomStringConvertible {
    /// The UTF-8 of a text.
    public init(stringLiteral text: String) { self.init(text) }

    /// The text; a key that is not UTF-8 with `\x` and two digits for each byte that is not ASCII.
    public var description: String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return bytes.reduce(into: "") { text, byte in
            if byte < 0x80 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + String(byte, radix: 16)
            }
        }
    }
}

/// One change under the prefix.
public enum StoreEvent: Hashable, Sendable {
    /// A key was written.
    case put(StoredRecord)
    /// A key was deleted, by a call or with its lease: the store does not say which.
    case deleted(key: StoreKey, at: Revision)

    /// The whole key.
    public var key: StoreKey {
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

    /// The lease that the key is under now; none when it was deleted.
    public var lease: LeaseID {
        switch self {
        case .put(let record): record.lease
        case .deleted: .none
        }
    }
}

/// The events that a watch received at once.
public struct WatchNews: Sendable, Equatable {
    /// The cluster it comes from.
    public var clusterID: ClusterID
    /// Where the member that tells it stands.
    public var revision: Revision
    /// The changes, oldest first. None in the first news, which says that the watch is there, and
    /// in the answer to a request for progress.
    public var events: [StoreEvent]
    /// The term of the cluster's leader; it rises with each election. Zero when the store has none.
    public var raftTerm: UInt64

    /// Describes news.
    public init(
        clusterID: ClusterID,
        revision: Revision,
        events: [StoreEvent],
        raftTerm: UInt64 = 0
    ) {
        self.clusterID = clusterID
        self.raftTerm = raftTerm
        self.revision = revision
        self.events = events
    }
}
