/// Names the remedy for a line that is not TOML, where the parser's words do not help: characters that look like
/// others, as word processors and web pages make them, and file modes without quotes.
enum TomlRemedy {
    /// The sentence, or `nil` when nothing of the kind is in the line.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - line: The line at which the parser stopped, from 1.
    static func sentence(for bytes: [UInt8], line: Int) -> String? {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(line - 1) else { return nil }
        let text = String(decoding: lines[line - 1].prefix(longest), as: UTF8.self)
        return lookAlike(in: text) ?? octal(in: text)
    }

    /// A file's line may be a megabyte; what is wrong with a person's stands at its beginning.
    private static let longest = 1024

    /// The first character outside of strings and comments that only looks like one of TOML's.
    private static func lookAlike(in line: String) -> String? {
        var quote: Unicode.Scalar?
        for (index, scalar) in line.unicodeScalars.enumerated() {
            if let open = quote {
                if scalar == open { quote = nil }
                continue
            }
            if scalar == "#" { return nil }
            if scalar == "\"" || scalar == "'" {
                quote = scalar
                continue
            }
            let name = "U+" + String(scalar.value, radix: 16, uppercase: true)
            switch scalar.properties.generalCategory {
            case .initialPunctuation, .finalPunctuation,
                .openPunctuation
            where "“”„‟‘’‚‛«»‹›".unicodeScalars.contains(scalar):
                return
                    "\(scalar) (\(name), column \(index + 1)) is no quotation mark of TOML; write \""
            case .spaceSeparator where scalar != " ", .format:
                return
                    "there is an invisible character (\(name)) in column \(index + 1), such as a no-break "
                    + "space; put a plain space in its place, or nothing"
            default: continue
            }
        }
        return nil
    }

    /// A number that begins with a zero: a file mode.
    private static func octal(in line: String) -> String? {
        guard let equals = line.firstIndex(of: "=") else { return nil }
        let value = line[line.index(after: equals)...].drop { $0 == " " || $0 == "\t" }
        let digits = value.prefix { $0.isASCII && $0.isNumber }
        guard digits.count > 1, digits.count < 8, digits.first == "0" else { return nil }
        return "a number does not begin with 0; a file mode is written in quotes, \"\(digits)\""
    }
}
