internal import FoundationEssentials

/// A key or a value: any bytes, usually text.
public struct Bytes: Hashable, Comparable, Sendable {
    /// The bytes themselves.
    public let array: [UInt8]

    /// Wraps bytes.
    public init(_ array: [UInt8]) {
        self.array = array
    }

    /// The UTF-8 of a text.
    public init(_ text: String) {
        array = Array(text.utf8)
    }

    /// The bytes as text, or `nil` when they are not UTF-8.
    public var text: String? { String(validating: array, as: UTF8.self) }

    /// Byte order, the order of keys in etcd.
    public static func < (left: Bytes, right: Bytes) -> Bool {
        left.array.lexicographicallyPrecedes(right.array)
    }

    init(_ data: Data) {
        array = Array(data)
    }

    var data: Data { Data(array) }
}

extension Bytes: ExpressibleByStringLiteral, CustomStringConvertible {
    /// The UTF-8 of a text.
    public init(stringLiteral text: String) { self.init(text) }

    /// The text, with bytes that are not UTF-8 replaced.
    public var description: String { String(decoding: array, as: UTF8.self) }
}
