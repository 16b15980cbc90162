/// Text that came from elsewhere, made safe to stand on one line of a log or a status.
///
/// Names and values read from etcd are hostile until shown otherwise: a newline would start a log
/// line that we never wrote, an escape sequence would drive the administrator's terminal, and a
/// bidirectional override would show the text in another order than it has.
enum OneLine {
    /// Whether `scalar` could end a line, drive a terminal or reorder what is shown.
    static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F:  // The C0 controls, delete, and the C1 controls.
            true
        case 0x2028, 0x2029:  // Line and paragraph separator.
            true
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069:  // Bidirectional controls.
            true
        default:
            false
        }
    }

    /// `text` with each unsafe scalar written as an escape: `\n`, `\r`, `\t`, or `\u{1b}`.
    ///
    /// - Parameter quoting: Whether to escape `"` and `\` as well, for text between quotes.
    static func escaped(_ text: String, quoting: Bool = false) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\"" where quoting: result += "\\\""
            case "\\" where quoting: result += "\\\\"
            case _ where Self.isUnsafe(scalar):
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// `text` with each run of unsafe scalars written as one space, for a reader that shows the
    /// text as it is and knows no escapes.
    static func flattened(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        var inRun = false
        for scalar in text.unicodeScalars {
            let isUnsafe = Self.isUnsafe(scalar)
            if !isUnsafe {
                result.unicodeScalars.append(scalar)
            } else if !inRun {
                result += " "
            }
            inRun = isUnsafe
        }
        return result
    }

    /// `text` when it is at most `limit` bytes of UTF-8, else its beginning and an ellipsis, together
    /// at most `limit` bytes. Cut between scalars, so the result is valid UTF-8.
    ///
    /// - Parameter limit: In bytes, at least 3, the size of the ellipsis.
    static func bounded(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        let ellipsis = "\u{2026}"
        var end = text.utf8.index(text.startIndex, offsetBy: max(0, limit - ellipsis.utf8.count))
        while end.samePosition(in: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return String(text.unicodeScalars[..<end]) + ellipsis
    }
}
