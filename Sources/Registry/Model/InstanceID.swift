/// The name of one instance within its service: the second segment that follows the prefix.
///
/// The same rules as for ``ServiceName``: generous when read (Go writes `10.0.0.5:8080`), strict
/// when written.
public struct InstanceID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The id as it stands in the key.
    public let text: String

    /// An id found in a key, or `nil` when no key segment may look like this.
    public init?(read text: some StringProtocol) {
        guard KeySegment.isReadable(text) else { return nil }
        self.text = String(text)
    }

    /// The same, of the bytes of a key.
    init?(segment: Slice<UnsafeBufferPointer<UInt8>>) {
        guard KeySegment.isReadable(segment) else { return nil }
        text = String(decoding: segment, as: UTF8.self)
    }

    /// An id that this host wants to write, or `nil` unless it is `[A-Za-z0-9._-]{1,128}`.
    public init?(declared text: some StringProtocol) {
        guard KeySegment.isWritable(text) else { return nil }
        self.text = String(text)
    }

    /// The id itself.
    public var description: String { text }

    /// Byte order, so that lists are in the same order on every host.
    public static func < (left: InstanceID, right: InstanceID) -> Bool {
        // Of ASCII alone, so this is the order of the bytes.
        left.text < right.text
    }
}

/// Identifies the host that wrote a record: a stable name of the machine that does not reveal its machine-id.
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
