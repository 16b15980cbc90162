/// A key in the store: any bytes.
///
/// Two keys are the same when their bytes are. As texts, `é` written as one character and as two would be
/// the same, and so would be all keys that are not UTF-8: a list of them could never agree with the store.
public struct StoreKey: Hashable, Comparable, Sendable {
    /// The bytes themselves.
    public let bytes: [UInt8]

    /// Wraps bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The UTF-8 of a text.
    public init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The key of an instance.
    public init(_ key: ServiceKey, under prefix: RegistryPrefix) {
        self.init(prefix.key(key))
    }

    /// Whether it lies under a prefix.
    public func isUnder(_ prefix: RegistryPrefix) -> Bool {
        bytes.starts(with: prefix.text.utf8)
    }

    /// Byte order, the order of keys in etcd.
    public static func < (left: StoreKey, right: StoreKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension StoreKey: ExpressibleByStringInterpolation, CustomStringConvertible {
    /// The UTF-8 of a text.
    public init(stringLiteral text: String) { self.init(text) }

    /// The text; a key that is not UTF-8 with `\x` and two digits for each byte that is not ASCII.
    public var description: String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return bytes.reduce(into: "") { text, byte in
            if byte < 0x80 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + String(byte, radix: 16)
            }
        }
    }
}
