/// Puts somebody's text between quotes, safe in a line of a log or on a terminal: what does not print is
/// escaped, and what is long is cut short.
package struct Quoted: CustomStringConvertible {
    private let text: String

    /// More scalars than this are cut, so that a sentence stays a sentence.
    package static let limit = 64

    package init(_ text: some StringProtocol) {
        self.text = String(text)
    }

    package var description: String {
        let scalars = text.unicodeScalars
        let isCut = scalars.count > Self.limit
        let shown = OneLine.escaped(String(scalars.prefix(Self.limit)), quoting: true)
        return isCut ? "\"\(shown)…\"" : "\"\(shown)\""
    }
}
