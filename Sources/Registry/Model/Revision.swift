import Texts

/// A point on etcd's logical clock.
///
/// The cluster has one clock; every change of any key raises it by one, and every answer's header
/// carries where it stands. Revisions order all changes of a cluster and mean nothing in another.
/// Zero is "before the first change": no key ever has it.
///
/// Source: etcd, "Data model" and `ResponseHeader.revision`.
public struct Revision: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number as etcd writes it; never negative.
    public let rawValue: Int64

    /// Wraps a number read from etcd.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Before the first change of a cluster.
    public static let zero = Revision(rawValue: 0)

    /// The revision of the next change of the cluster; the same one after the largest number there is, which no
    /// cluster reaches but a hostile server may name.
    public var next: Revision { Revision(rawValue: rawValue == .max ? .max : rawValue + 1) }

    /// Whether the left revision is the older one.
    public static func < (left: Revision, right: Revision) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension Revision: CustomStringConvertible, ExpressibleByIntegerLiteral {
    /// The decimal number, as etcdctl prints it.
    public var description: String { String(rawValue) }

    /// A revision written as a number, for tests and examples.
    public init(integerLiteral value: Int64) { self.init(rawValue: value) }
}

/// The name that an etcd cluster gave itself when it was made.
///
/// Two answers with different ids come from different clusters. The opposite does not hold: a
/// cluster that was wiped and made again with the same member names keeps its id.
public struct ClusterID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number in every answer's header.
    public let rawValue: UInt64

    /// Wraps a number read from etcd.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Hexadecimal, as etcdctl prints it.
    public var description: String { hexadecimal(rawValue) }
}
