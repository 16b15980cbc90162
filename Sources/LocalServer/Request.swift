/// A request that a route answers.
public struct Request: Sendable {
    /// The path of its target.
    public let path: String
    /// What follows the `?` of its target, as it was sent.
    public let query: String
    /// Who sent it; `nil` on TCP, or when the kernel does not say.
    public let peer: Peer?

    /// A request, for tests of what answers it.
    package init(path: String, query: String = "", peer: Peer? = nil) {
        self.path = path
        self.query = query
        self.peer = peer
    }

    /// A query that cannot be read.
    public struct QueryError: Error, Sendable {
        /// A sentence that says what is wrong.
        public let message: String

        /// A query that cannot be read because of what the sentence says.
        public init(message: String) {
            self.message = message
        }
    }

    /// The parameters of the query, decoded: `service=web&count=2`.
    ///
    /// - Parameter known: The names that the route knows.
    /// - Throws: ``QueryError`` for a name that it does not know, one that comes twice and what cannot be decoded: to
    ///   pass over a mistyped name would change more than was asked.
    public func parameters(_ known: [String]) throws(QueryError) -> [String: String] {
        var values: [String: String] = [:]
        for part in query.utf8.split(separator: UInt8(ascii: "&")) {
            let pieces = part.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let name = pieces.first.flatMap(Self.decoded),
                let value = pieces.count == 2 ? Self.decoded(pieces[1]) : ""
            else { throw QueryError(message: "the query is not percent-encoded UTF-8") }
            guard known.contains(name) else {
                let there = known.isEmpty ? "none" : known.joined(separator: ", ")
                throw QueryError(message: "there is no parameter of that name; there is: \(there)")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw QueryError(message: "the parameter \(name) is given twice")
            }
        }
        return values
    }

    /// Decodes `%2F` and the like, see RFC 3986, 2.1. A plus is a plus.
    private static func decoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit),
                let low = rest.popFirst().flatMap(digit)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Encodes a text so that it can be a parameter's value.
    public static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
