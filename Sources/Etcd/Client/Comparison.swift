import EtcdAPI

/// A condition of a transaction, on one key.
///
/// A key that does not exist has version, revisions and lease zero, and no value.
public struct Comparison: Sendable {
    /// How two sides relate.
    public enum Relation: Sendable {
        /// The same.
        case equal
        /// Not the same.
        case notEqual
        /// The key's is the greater one.
        case greater
        /// The key's is the smaller one.
        case less

        var message: Etcdserverpb_Compare.CompareResult {
            switch self {
            case .equal: .equal
            case .notEqual: .notEqual
            case .greater: .greater
            case .less: .less
            }
        }
    }

    let message: Etcdserverpb_Compare

    /// The key exists.
    public static func exists(_ key: Bytes) -> Comparison { version(of: key, .greater, 0) }

    /// The key does not exist.
    public static func isMissing(_ key: Bytes) -> Comparison { version(of: key, .equal, 0) }

    /// Compares the key's value.
    public static func value(of key: Bytes, _ relation: Relation, _ value: Bytes) -> Comparison {
        Comparison(key, relation, .value, .value(value.data))
    }

    /// Compares how often the key changed since it was created.
    public static func version(of key: Bytes, _ relation: Relation, _ version: Int64) -> Comparison
    {
        Comparison(key, relation, .version, .version(version))
    }

    /// Compares the revision that created the key.
    public static func createRevision(
        of key: Bytes,
        _ relation: Relation,
        _ revision: EtcdRevision
    ) -> Comparison {
        Comparison(key, relation, .create, .createRevision(revision.rawValue))
    }

    /// Compares the revision of the key's last change.
    public static func modRevision(
        of key: Bytes,
        _ relation: Relation,
        _ revision: EtcdRevision
    ) -> Comparison {
        Comparison(key, relation, .mod, .modRevision(revision.rawValue))
    }

    /// Compares the lease of the key.
    public static func lease(of key: Bytes, _ relation: Relation, _ lease: EtcdLeaseID)
        -> Comparison
    {
        Comparison(key, relation, .lease, .lease(lease.rawValue))
    }

    private init(
        _ key: Bytes,
        _ relation: Relation,
        _ target: Etcdserverpb_Compare.CompareTarget,
        _ value: Etcdserverpb_Compare.OneOf_TargetUnion
    ) {
        var message = Etcdserverpb_Compare()
        message.key = key.data
        message.result = relation.message
        message.target = target
        message.targetUnion = value
        self.message = message
    }
}
