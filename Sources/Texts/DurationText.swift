/// A span of time as the configuration writes it: a whole number and its unit, `10s`.
package struct DurationText: Hashable, Sendable, CustomStringConvertible {
    package let duration: Duration

    /// Reads `500ms`, `10s`, `2m` or `1h`.
    ///
    /// - Returns: `nil` for anything else: no sign, no fraction, no space, one unit, and not more
    ///   than nine digits (a thousand centuries of hours is a mistake).
    package init?(_ text: String) {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...9).contains(digits.count), let number = Int64(text.prefix(digits.count)) else {
            return nil
        }
        switch text.dropFirst(digits.count) {
        case "ms": duration = .milliseconds(number)
        case "s": duration = .seconds(number)
        case "m": duration = .seconds(number * 60)
        case "h": duration = .seconds(number * 3600)
        default: return nil
        }
    }

    /// Wraps a span of time.
    package init(_ duration: Duration) {
        self.duration = duration
    }

    /// The span in the largest unit that leaves no fraction; what is less than a millisecond is
    /// dropped.
    package var description: String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        if milliseconds != 0 { return "\(seconds * 1000 + milliseconds)ms" }
        if seconds != 0, seconds % 3600 == 0 { return "\(seconds / 3600)h" }
        if seconds != 0, seconds % 60 == 0 { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }
}

extension Duration {
    /// For people, in one unit and no more digits than they read: `174 ms`, `1.2 s`, `30 s`, `5 min`, `12 h`.
    public var text: String {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return "\(seconds) s" }
        let milliseconds = attoseconds / 1_000_000_000_000_000
        switch seconds {
        case 0: return "\(milliseconds) ms"
        case ..<10: return milliseconds < 50 ? "\(seconds) s" : "\(seconds).\(milliseconds / 100) s"
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        default: return "\(seconds / 3600) h"
        }
    }
}
