import Texts

extension Expectation where Value == UInt16 {
    /// A whole number.
    static func integer(in range: ClosedRange<UInt16>) -> Expectation {
        Expectation(
            type: "an integer from",
            limits: "\(range.lowerBound) to \(range.upperBound)"
        ) { value in
            guard case .integer(let number) = value else { return .wrongType }
            guard let number = UInt16(exactly: number), range.contains(number) else {
                return .beyondLimits
            }
            return .value(number)
        }
    }
}

extension Expectation where Value == Duration {
    /// A span of time such as `10s`.
    static func duration(in range: ClosedRange<Duration>, example: Duration) -> Expectation {
        span("a duration from", in: range, example: example) { _ in true }
    }

    /// A span of time without a fraction of a second.
    static func wholeSeconds(in range: ClosedRange<Duration>, example: Duration) -> Expectation {
        span("a duration of whole seconds from", in: range, example: example) { duration in
            duration.components.attoseconds == 0
        }
    }

    private static func span(
        _ type: String,
        in range: ClosedRange<Duration>,
        example: Duration,
        where isFitting: @escaping (Duration) -> Bool
    ) -> Expectation {
        let bounds = "\(DurationText(range.lowerBound)) to \(DurationText(range.upperBound))"
        return judgedText(type, "\(bounds), such as \"\(DurationText(example))\"") { text in
            guard let duration = DurationText(text)?.duration else { return .malformed }
            guard range.contains(duration) else { return .beyondLimits }
            return isFitting(duration) ? .value(duration) : .malformed
        }
    }
}
