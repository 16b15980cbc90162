import Texts

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
