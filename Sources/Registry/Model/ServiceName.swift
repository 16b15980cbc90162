/// The name of a service: the first of the two segments that follow the prefix in a key.
///
/// Read: any printable ASCII but `/`, 1 to 128 bytes; what others write is shown as it is and
/// encoders map what their format cannot carry. Written: see ``init(declared:)``.
public struct ServiceName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name as it stands in the key.
    public let text: String

    /// A name found in a key, or `nil` when no key segment may look like this.
    public init?(read text: some StringProtocol) {
        guard KeySegment.isReadable(text) else { return nil }
        self.text = String(text)
    }

    /// The same, of the bytes of a key.
    init?(segment: Slice<UnsafeBufferPointer<UInt8>>) {
        guard KeySegment.isReadable(segment) else { return nil }
        text = String(decoding: segment, as: UTF8.self)
    }

    /// A name that this host wants to write, or `nil` unless it is `[A-Za-z0-9._-]{1,128}`.
    public init?(declared text: some StringProtocol) {
        guard KeySegment.isWritable(text) else { return nil }
        self.text = String(text)
    }

    /// The name itself.
    public var description: String { text }

    /// Byte order, so that lists are in the same order on every host.
    public static func < (left: ServiceName, right: ServiceName) -> Bool {
        // Of ASCII alone, so this is the order of the bytes.
        left.text < right.text
    }
}

/// The rules for one segment of a key.
enum KeySegment {
    static let limit = 128

    static func isReadable(_ bytes: some Collection<UInt8>) -> Bool {
        (1...limit).contains(bytes.count)
            && bytes.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "/") }
    }

    static func isReadable(_ text: some StringProtocol) -> Bool {
        hasFittingLength(text)
            && text.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "/") }
    }

    static func isWritable(_ text: some StringProtocol) -> Bool {
        // "." and ".." are names to us but walk to another place in anything that is a path.
        hasFittingLength(text) && text.utf8.allSatisfy(isWordByte) && text != "." && text != ".."
    }

    private static func hasFittingLength(_ text: some StringProtocol) -> Bool {
        (1...limit).contains(text.utf8.count)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default:
            false
        }
    }
}

/// Identifies an instance of a service: what a key says, without the prefix.
public struct ServiceKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The service.
    public let service: ServiceName
    /// The instance within it.
    public let instance: InstanceID

    /// Names an instance of a service.
    public init(service: ServiceName, instance: InstanceID) {
        self.service = service
        self.instance = instance
    }

    /// `service/instance`.
    public var description: String { "\(service)/\(instance)" }

    /// By service, then by instance, in byte order.
    public static func < (left: ServiceKey, right: ServiceKey) -> Bool {
        (left.service, left.instance) < (right.service, right.instance)
    }
}
