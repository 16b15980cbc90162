/// Writes a number in lower-case hexadecimal, padded with zeros to at least `digits`.
package func hexadecimal(_ number: UInt64, digits: Int = 1) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// Spells names in the characters that a format has: any other byte becomes a mark and two
/// hexadecimal digits.
///
/// The mark itself is never plain, so two names never come out the same.
package struct HexEscaping: Sendable {
    /// What stands before the digits.
    private let mark: UInt8

    package init(mark: UInt8) {
        self.mark = mark
    }

    /// Spells a name.
    ///
    /// - Parameter isPlain: Whether the byte at this place stands for itself. Not called for the mark, which is always escaped.
    package func spell(_ text: String, isPlain: (_ byte: UInt8, _ offset: Int) -> Bool) -> String {
        var spelled: [UInt8] = []
        for (offset, byte) in text.utf8.enumerated() {
            if byte != mark, isPlain(byte, offset) {
                spelled.append(byte)
            } else {
                spelled += [mark, Self.digit(byte >> 4), Self.digit(byte & 0xf)]
            }
        }
        return String(decoding: spelled, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

extension UInt8 {
    package var isLower: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    package var isUpper: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
    package var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    /// Whether it is one of `-`, `_` and `.`.
    package var isJoint: Bool {
        [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(self)
    }
}
