/// The surroundings of a tag, as far as the text before it shows.
///
/// An escape protects a value at some places only: within a JSON string, and not beside one. This is followed through
/// the result as it is written, so whatever sections and partials do, it is what the reader of the file will see.
public struct TagSurroundings: Hashable, Sendable {
    enum Quotes: Hashable, Sendable {
        case none
        case double
        case single
        /// Up to the end of the line.
        case comment
    }

    var quotes = Quotes.none
    /// Whether the next byte comes after a backslash that gives it another meaning.
    var isEscaped = false
    /// Whether a word begins here.
    var isWordStart = true

    init() {}

    /// Something was written that holds nothing of the reader's language.
    mutating func valueWritten() {
        isEscaped = false
        isWordStart = false
    }

    /// Goes on by a byte of a language with words, quotes and comments.
    ///
    /// - Parameters:
    ///   - quotesAnywhere: Whether a quote counts within a word too, as in a shell.
    ///   - separators: What ends a word, beside white space.
    mutating func follow(_ byte: UInt8, quotesAnywhere: Bool, separators: StaticString) {
        // A text of several lines in quotes is rare, and an odd quote in a comment or a heredoc is not.
        if byte == UInt8(ascii: "\n") {
            self = TagSurroundings()
            return
        }
        if isEscaped {
            valueWritten()
            return
        }
        let wasWordStart = isWordStart
        let mayOpen = wasWordStart || quotesAnywhere
        isWordStart =
            byte == 0x20 || byte == 0x09
            || separators.withUTF8Buffer { $0.contains(byte) }
        switch (quotes, Unicode.Scalar(byte)) {
        case (.none, "\\") where quotesAnywhere, (.double, "\\"): isEscaped = true
        case (.none, "\"") where mayOpen: quotes = .double
        case (.none, "'") where mayOpen: quotes = .single
        case (.none, "#") where wasWordStart: quotes = .comment
        case (.double, "\""), (.single, "'"): quotes = .none
        default: break
        }
    }
}
