/// JSON as text, written straight into a buffer: members in the order they are added.
///
/// Codable's encoder orders members by hash or by name; a list that people read and diff wants them
/// in the order of their meaning.
package struct JSONText: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() {}

    /// A new text at the end of another, whose memory it takes until it is finished.
    package init(continuing text: inout [UInt8]) {
        swap(&bytes, &text)
    }

    /// Gives the whole text back to where it was begun.
    package mutating func finish(_ text: inout [UInt8]) {
        swap(&bytes, &text)
    }

    package mutating func openObject() { open("{") }
    package mutating func closeObject() { close("}") }
    package mutating func openArray() { open("[") }
    package mutating func closeArray() { close("]") }

    /// The name of the next value.
    package mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// The name of the next value, of characters that stand for themselves: what is written for each
    /// endpoint is not looked through.
    package mutating func member(_ name: StaticString) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(text: name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A string of characters that stand for themselves, written by `write`.
    package mutating func plainString(_ write: (inout [UInt8]) -> Void) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        write(&bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A line break, where white space is allowed.
    package mutating func newline() { bytes.append(0x0a) }

    package mutating func null() { raw("null") }

    package mutating func flag(_ value: Bool) { raw(value ? "true" : "false") }

    package mutating func number(_ value: some BinaryInteger) {
        if let value = UInt64(exactly: value) {
            comma()
            bytes.appendDecimal(value)
        } else {
            raw(String(value))
        }
    }

    /// A finished value, written elsewhere.
    package mutating func value(_ text: [UInt8], onNewLine: Bool = false) {
        comma()
        if onNewLine { newline() }
        bytes.append(contentsOf: text)
    }

    package mutating func string(_ value: String) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        // In one go, as almost all are.
        let isPlain = value.utf8.withContiguousStorageIfAvailable { utf8 in
            guard utf8.allSatisfy(Self.isPlain) else { return false }
            bytes.append(contentsOf: utf8)
            return true
        }
        if isPlain != true {
            for scalar in value.unicodeScalars { escaped(scalar) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Whether a byte of a string stands for itself: all of ASCII that needs no escape.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x20..<0x7f).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func escaped(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": bytes.append(contentsOf: #"\""#.utf8)
        case "\\": bytes.append(contentsOf: #"\\"#.utf8)
        case "\n": bytes.append(contentsOf: #"\n"#.utf8)
        case "\u{0}"..<"\u{20}", "\u{7f}", "\u{2028}", "\u{2029}":
            let digits = hexadecimal(UInt64(scalar.value), digits: 4)
            bytes.append(contentsOf: "\\u\(digits)".utf8)
        default:
            bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    private mutating func raw(_ text: String) {
        comma()
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func open(_ bracket: Unicode.Scalar) {
        comma()
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}

extension [UInt8] {
    /// A text that is part of the program.
    package mutating func append(text: StaticString) {
        append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        )
    }

    /// A number in lower-case hexadecimal, padded with zeros to sixteen digits.
    package mutating func appendHexadecimal(_ number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 0xf
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    /// A number in decimal digits, without a text of its own.
    package mutating func appendDecimal(_ number: UInt64) {
        guard number >= 10 else {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number))
            return
        }
        appendDecimal(number / 10)
        append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }
}

extension String {
    /// A text that is still bytes, or `nil` when these are not UTF-8.
    package init?(validating bytes: Span<UInt8>) {
        // Why they are not UTF-8 is of no interest.
        guard let text = try? UTF8Span(validating: bytes) else { return nil }
        self.init(copying: text)
    }
}
