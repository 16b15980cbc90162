import Texts

/// Why a text is not TOML, and where the parser noticed.
struct TomlSyntaxError: Error, Equatable {
    /// The parser's own words. They may repeat parts of the text.
    let message: String
    let position: SourcePosition
    /// What to do about it, where more is known than the parser's words say.
    var remedy: String?

    /// What to say of it: one line, not long.
    var sentence: String {
        if let remedy { return "syntax error: \(remedy)" }
        let words = OneLine.escaped(String(message.unicodeScalars.prefix(Self.limit)))
        let prefix = "Error while "
        return words.hasPrefix(prefix)
            ? "syntax error while \(words.dropFirst(prefix.count))" : "syntax error: \(words)"
    }

    /// A message that repeats a key of a megabyte is cut.
    private static let limit = 200
}
