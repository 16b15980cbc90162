import Texts

/// A point on etcd's logical clock.
///
/// The cluster has one clock; every change of any key raises it by one, and every answer's header
/// carries where it stands. Revisions order all changes of a cluster and mean nothing in another.
/// Zero is "before the first change": no key ever has it.
///
/// Source: etcd, "Data model" and `ResponseHeader.revision`.
public struct EtcdRevision: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number as etcd writes it; never negative.
    public let rawValue: Int64

    /// Wraps a number read from etcd.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Before the first change of a cluster.
    public static let zero = EtcdRevision(rawValue: 0)

    /// The revision of the next change of the cluster. No cluster comes to the last of all numbers; a server
    /// that says so is followed by nothing.
    public var next: EtcdRevision { EtcdRevision(rawValue: rawValue == .max ? .max : rawValue + 1) }

    /// Whether the left revision is the older one.
    public static func < (left: EtcdRevision, right: EtcdRevision) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension EtcdRevision: CustomStringConvertible, ExpressibleByIntegerLiteral {
    /// The decimal number, as etcdctl prints it.
    public var description: String { String(rawValue) }

    /// A revision written as a number, for tests and examples.
    public init(integerLiteral value: Int64) { self.init(rawValue: value) }
}

/// The name of a lease: a promise of the cluster to delete every key put under it, unless it is
/// renewed within its time to live.
public struct EtcdLeaseID: RawRepresentable, Hashable, Sendable {
    /// The number as etcd writes it. Zero is "no lease".
    public let rawValue: Int64

    /// Wraps a number read from etcd or chosen by the caller.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// A key that is under no lease and so never expires.
    public static let none = EtcdLeaseID(rawValue: 0)
}

extension EtcdLeaseID: CustomStringConvertible {
    /// Sixteen hexadecimal digits, as `etcdctl lease list` prints them.
    public var description: String { hexadecimal(UInt64(bitPattern: rawValue), digits: 16) }
}

/// The name that an etcd cluster gave itself when it was made.
///
/// Two answers with different ids come from different clusters. The opposite does not hold: a
/// cluster that was wiped and made again with the same member names keeps its id.
public struct EtcdClusterID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number in every answer's header.
    public let rawValue: UInt64

    /// Wraps a number read from etcd.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Hexadecimal, as etcdctl prints it.
    public var description: String { hexadecimal(rawValue) }
}
