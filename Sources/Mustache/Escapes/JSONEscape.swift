/// The inside of a double-quoted string of JSON. It can represent everything, and stands nowhere else.
///
/// Programs that take what they read for a template of their own see no `{{` of anybody's: the brace is written as an
/// escape.
///
/// Source: RFC 8259, section 7.
struct JSONEscape: MustacheEscape {
    var name: String { "json" }

    func append(_ text: String, to result: inout [UInt8]) {
        if result.append(plain: text, where: isWordByte) { return }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                result.append(UInt8(ascii: "\\"))
                result.append(scalar)
            case "\n": result += #"\n"#.utf8
            case "{": result += #"\u007b"#.utf8
            // YAML takes what does not print for an error.
            case _ where UnrepresentableValue.isControl(scalar), "\u{feff}", "\u{fffe}", "\u{ffff}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
            default: result.append(scalar)
            }
        }
    }

    func follow(_ text: [UInt8], in surroundings: inout TagSurroundings) {
        for byte in text {
            switch (surroundings.quotes, Unicode.Scalar(byte)) {
            case _ where surroundings.isEscaped: surroundings.isEscaped = false
            case (.double, "\\"): surroundings.isEscaped = true
            case (.double, "\""): surroundings.quotes = .none
            case (_, "\""): surroundings.quotes = .double
            default: break
            }
        }
    }

    func obstacle(in surroundings: TagSurroundings) -> String? {
        surroundings.quotes == .double && !surroundings.isEscaped
            ? nil : "stands outside of a string in double quotes"
    }
}
