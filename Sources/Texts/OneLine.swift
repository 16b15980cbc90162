/// Makes text that came from elsewhere safe to stand on one line of a log, a status or a terminal.
///
/// Names and values read from etcd are hostile until shown otherwise: a newline would start a log
/// line that we never wrote, an escape sequence would drive the administrator's terminal, and a
/// bidirectional override would show the text in another order than it has.
package enum OneLine {
    /// The most that ``excerpt(_:)`` shows, in bytes of UTF-8.
    package static let excerptLimit = 200

    /// Whether `scalar` could end a line, drive a terminal, reorder what is shown or show nothing at all.
    package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
        // The two joiners make one character of several, also in names of people and places.
        if scalar.value == 0x200c || scalar.value == 0x200d { return false }
        return switch scalar.properties.generalCategory {
        // `format` holds the marks that turn the direction of writing round.
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
        default: false
        }
    }

    /// Writes each unsafe scalar as an escape: `\n`, `\r`, `\t`, or `\u{1b}`.
    ///
    /// - Parameter quoting: Whether to escape `"` and `\` as well, for text between quotes.
    package static func escaped(_ text: some StringProtocol, quoting: Bool = false) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\"" where quoting: result += "\\\""
            case "\\" where quoting: result += "\\\\"
            case _ where isUnsafe(scalar):
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Writes each run of unsafe scalars as one space, for a reader that shows the text as it is and
    /// knows no escapes.
    package static func flattened(_ text: some StringProtocol) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        var inRun = false
        for scalar in text.unicodeScalars {
            let isUnsafe = isUnsafe(scalar)
            if !isUnsafe {
                result.unicodeScalars.append(scalar)
            } else if !inRun {
                result += " "
            }
            inRun = isUnsafe
        }
        return result
    }

    /// Returns `text` when it is at most `limit` bytes of UTF-8, else its beginning and an ellipsis, together
    /// at most `limit` bytes. Cuts between scalars, so the result is valid UTF-8.
    ///
    /// - Parameter limit: In bytes, at least 3, the size of the ellipsis.
    package static func bounded(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        let ellipsis = "\u{2026}"
        var end = text.utf8.index(text.startIndex, offsetBy: max(0, limit - ellipsis.utf8.count))
        while end.samePosition(in: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return String(text.unicodeScalars[..<end]) + ellipsis
    }

    /// Cuts what a service, a command or systemd said down to ``excerptLimit``, flattened, for a sentence.
    package static func excerpt(_ text: some StringProtocol) -> String {
        bounded(flattened(text), to: excerptLimit)
    }
}

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
