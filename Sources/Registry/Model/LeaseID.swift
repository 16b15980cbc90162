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

/// Lower-case hexadecimal, padded with zeros to at least `digits`.
package func hexadecimal(_ number: UInt64, digits: Int = 1) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
