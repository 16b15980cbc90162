/// Somebody's text in quotes, safe in a line of a log or on a terminal: what does not print is
/// escaped as TOML would, and what is long is cut short.
struct Quoted: CustomStringConvertible {
    private let text: String

    /// More scalars than this are cut, so that a sentence stays a sentence.
    static let limit = 64

    init(_ text: some StringProtocol) {
        self.text = String(text)
    }

    var description: String {
        let scalars = text.unicodeScalars
        let isCut = scalars.count > Self.limit
        let shown = Self.escaping(String(scalars.prefix(Self.limit)), quotes: true)
        return isCut ? "\"\(shown)…\"" : "\"\(shown)\""
    }

    /// The text with everything escaped that does not print; with `quotes`, also what would end or
    /// blur a quoted text.
    static func escaping(_ text: some StringProtocol, quotes: Bool = false) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"" where quotes: escaped += "\\\""
            case "\\" where quotes: escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case _ where isUnprintable(scalar): escaped += escape(scalar)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // `format` holds the marks that turn the direction of writing round.
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
        default: false
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        let width = scalar.value > 0xffff ? 8 : 4
        let zeros = String(repeating: "0", count: width - digits.count)
        return (width == 8 ? "\\U" : "\\u") + zeros + digits
    }
}
