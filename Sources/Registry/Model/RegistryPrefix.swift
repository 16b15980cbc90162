/// The part of etcd's key space that a registry lives in: never empty, always ending in `/`.
///
/// The closing slash is what keeps `services/` apart from `services-old/`; etcd's own resolver
/// once mixed the two up.
public struct RegistryPrefix: Hashable, Sendable, CustomStringConvertible {
    /// The prefix, `/` included.
    public let text: String

    /// The default: without a leading slash, so that Go's gRPC resolver finds the service `web` as
    /// `etcd:///services/web`.
    public static let standard = RegistryPrefix(unchecked: "services/")

    /// A prefix as written by a person; a missing closing `/` is added.
    ///
    /// - Returns: `nil` when it is empty or only slashes, longer than 512 bytes, or holds anything
    ///   but printable ASCII.
    public init?(_ text: String) {
        guard text.utf8.count <= 512, text.utf8.contains(where: { $0 != UInt8(ascii: "/") }),
            text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        self.text = text.hasSuffix("/") ? text : text + "/"
    }

    private init(unchecked text: String) {
        self.text = text
    }

    /// The key in etcd of an instance.
    public func key(_ key: ServiceKey) -> String { "\(text)\(key.service)/\(key.instance)" }

    /// Reads a key of etcd.
    ///
    /// - Returns: `nil` for a foreign key: outside the prefix, or with anything but exactly two
    ///   readable segments after it.
    public func parse(_ key: StoreKey) -> ServiceKey? {
        key.bytes.withUnsafeBufferPointer { bytes in
            let start = text.utf8.count
            guard bytes.starts(with: text.utf8),
                let slash = bytes[start...].firstIndex(of: UInt8(ascii: "/")),
                let service = ServiceName(segment: bytes[start..<slash]),
                // A second slash makes it unreadable.
                let instance = InstanceID(segment: bytes[(slash + 1)...])
            else { return nil }
            return ServiceKey(service: service, instance: instance)
        }
    }

    /// The prefix itself.
    public var description: String { text }
}
