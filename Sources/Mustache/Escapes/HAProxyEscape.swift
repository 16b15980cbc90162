/// A word of HAProxy's configuration, in double quotes or without.
///
/// What does not stand for itself becomes `\x` and the two digits of its byte. `%` begins an expression in a log
/// format, a brace a condition, and neither has an escape there; control characters have no place in a word.
///
/// Source: HAProxy, "Configuration Manual", section 2.2; 2.6 tried.
struct HAProxyEscape: MustacheEscape {
    var name: String { "haproxy" }

    func append(_ text: String, to result: inout [UInt8]) throws(UnrepresentableValue) {
        // A word must be there, or those behind it would move up.
        if text.isEmpty { throw UnrepresentableValue("is empty") }
        if result.append(plain: text, where: isWordByte) { return }
        for scalar in text.unicodeScalars {
            if UnrepresentableValue.isControl(scalar) || ["%", "{", "}"].contains(scalar) {
                throw UnrepresentableValue(holding: scalar)
            }
            guard scalar.isASCII else {
                result.append(scalar)
                continue
            }
            let byte = UInt8(truncatingIfNeeded: scalar.value)
            // Brackets are for IPv6, and harmless.
            if isWordByte(byte) || ["[", "]", "@", ",", "+", "=", "~"].contains(scalar) {
                result.append(byte)
            } else {
                result += "\\x".utf8
                result += [Self.digit(byte >> 4), Self.digit(byte & 0xf)]
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
