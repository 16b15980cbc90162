import Texts

/// The name of a lease: a promise of the cluster to delete every key put under it, unless it is
/// renewed within its time to live.
public struct LeaseID: RawRepresentable, Hashable, Sendable {
    /// The number as etcd writes it. Zero is "no lease".
    public let rawValue: Int64

    /// Wraps a number read from etcd or chosen by the caller.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// A key that is under no lease and so never expires.
    public static let none = LeaseID(rawValue: 0)
}

extension LeaseID: CustomStringConvertible {
    /// Sixteen hexadecimal digits, as `etcdctl lease list` prints them.
    public var description: String { hexadecimal(UInt64(bitPattern: rawValue), digits: 16) }
}
