/// Which host wrote a record: a stable name of the machine that does not reveal its machine-id.
///
/// discoveryd takes `sd_id128_get_machine_app_specific(3)`. Read from etcd it is any printable
/// ASCII of 1 to 128 bytes.
public struct OwnerID: Hashable, Sendable, CustomStringConvertible {
    /// The name.
    public let text: String

    /// Wraps a name, or is `nil` when it is empty, too long or not printable ASCII.
    public init?(_ text: String) {
        guard KeySegment.isReadable(text) else { return nil }
        self.text = text
    }

    /// The name itself.
    public var description: String { text }
}
