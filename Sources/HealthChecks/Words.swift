/// Text for sentences.
enum Words {
    /// The most bytes of a service's text that are shown.
    static let limit = 200

    /// Makes text of a service, a command or systemd fit for one line: no control characters, nothing that
    /// reorders the line, at most ``limit`` bytes and an ellipsis.
    static func excerpt(_ text: some StringProtocol) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            let isSafe = !isUnsafe(scalar)
            let size = isSafe ? UTF8.width(scalar) : 1
            guard result.utf8.count + size <= limit else { return result + "\u{2026}" }
            if isSafe {
                result.unicodeScalars.append(scalar)
            } else if result.last != " " {
                result += " "
            }
        }
        return result
    }

    /// As in `2 s` and `0.25 s`.
    static func time(_ duration: Duration) -> String {
        let milliseconds =
            duration.components.seconds * 1000
            + duration.components.attoseconds / 1_000_000_000_000_000
        let (whole, part) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        guard part != 0 else { return "\(whole) s" }
        var digits = String(1000 + part).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits) s"
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1f, 0x7f...0x9f, 0x2028, 0x2029, 0x061c, 0x200e, 0x200f,
            0x202a...0x202e, 0x2066...0x2069:
            true
        default: false
        }
    }
}
