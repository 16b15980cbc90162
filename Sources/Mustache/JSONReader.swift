import Texts

/// Reads JSON into values for a template. Numbers stay as they are written, which no general decoder keeps.
///
/// Source: RFC 8259.
public struct JSONReader: Sendable {
    /// The deepest that arrays and objects may be nested.
    public static let deepest = 256

    private let bytes: [UInt8]
    private let name: String
    private var place = 0

    private init(_ bytes: [UInt8], name: String) {
        self.bytes = bytes
        self.name = name
    }

    /// Reads a document: any value. Of members with the same name the last one counts.
    ///
    /// - Parameters:
    ///   - bytes: The document, UTF-8.
    ///   - name: What places call it: the path of its file.
    /// - Throws: ``MustacheError`` at the first place that is not JSON.
    public static func read(_ bytes: [UInt8], name: String) throws(MustacheError) -> MustacheValue {
        var reader = JSONReader(bytes, name: name)
        guard String(validating: bytes.span) != nil else { throw reader.error("this is not UTF-8") }
        let value = try reader.value(depth: 0)
        reader.skipBlanks()
        guard reader.place == bytes.count else {
            throw reader.error("something follows the JSON value; remove it")
        }
        return value
    }

    private mutating func value(depth: Int) throws(MustacheError) -> MustacheValue {
        skipBlanks()
        guard depth <= Self.deepest else {
            throw error("arrays and objects are more than \(Self.deepest) deep")
        }
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte):
            return .number(try number())
        default:
            if take("true") { return .bool(true) }
            if take("false") { return .bool(false) }
            if take("null") { return .null }
            throw error("a JSON value must stand here")
        }
    }

    private mutating func object(depth: Int) throws(MustacheError) -> MustacheValue {
        var members: [String: MustacheValue] = [:]
        place += 1
        skipBlanks()
        if take("}") { return .object(MustacheMembers(members)) }
        while true {
            skipBlanks()
            guard peek == UInt8(ascii: "\"") else {
                throw error("the name of a member must stand here, in double quotes")
            }
            let name = try string()
            skipBlanks()
            guard take(":") else { throw error("a colon must stand between a name and its value") }
            members[name] = try value(depth: depth + 1)
            skipBlanks()
            if take("}") { return .object(MustacheMembers(members)) }
            guard take(",") else { throw error("a comma or } must stand after a member") }
        }
    }

    private mutating func array(depth: Int) throws(MustacheError) -> MustacheValue {
        var elements: [MustacheValue] = []
        place += 1
        skipBlanks()
        if take("]") { return .list(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipBlanks()
            if take("]") { return .list(elements) }
            guard take(",") else { throw error("a comma or ] must stand after an element") }
        }
    }

    private mutating func number() throws(MustacheError) -> String {
        let start = place
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    private mutating func digits() throws(MustacheError) {
        let start = place
        while let byte = peek, Self.isDigit(byte) { place += 1 }
        guard place > start else { throw error("a digit must stand here") }
    }

    private mutating func string() throws(MustacheError) -> String {
        var text: [UInt8] = []
        place += 1
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                place += 1
                text.append(try escaped())
            case 0..<0x20: throw error("a control character must be escaped in a string")
            default:
                text.append(byte)
                place += 1
            }
        }
        throw error("the string has no end; close it with a double quote")
    }

    private mutating func escaped() throws(MustacheError) -> Unicode.Scalar {
        guard let byte = peek else { throw error("the string has no end") }
        place += 1
        switch Unicode.Scalar(byte) {
        case "\"", "\\", "/": return Unicode.Scalar(byte)
        case "b": return "\u{8}"
        case "f": return "\u{c}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u":
            let unit = try hexadecimal()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            // The first half of a pair, or nothing.
            guard unit < 0xdc00, take("\\u") else { return "\u{fffd}" }
            let second = try hexadecimal()
            guard (0xdc00..<0xe000).contains(second) else { return "\u{fffd}" }
            return Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (second - 0xdc00)) ?? "\u{fffd}"
        default:
            place -= 1
            throw error("this escape is none of JSON's")
        }
    }

    private mutating func hexadecimal() throws(MustacheError) -> UInt32 {
        let digits = bytes[place...].prefix(4)
        guard digits.count == 4,
            digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let number = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("four hexadecimal digits must follow \\u") }
        place += 4
        return number
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipBlanks() {
        while let byte = peek, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { place += 1 }
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let word = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard bytes[place...].starts(with: word) else { return false }
        place += word.count
        return true
    }

    private func error(_ message: String) -> MustacheError {
        let before = bytes[..<place]
        let line = before.lastIndex(of: 0x0a).map { before[($0 + 1)...] } ?? before
        return MustacheError(
            .syntax,
            at: MustachePlace(
                template: name,
                line: 1 + before.count { $0 == 0x0a },
                column: 1 + line.count { $0 & 0xc0 != 0x80 }
            ),
            message
        )
    }
}
