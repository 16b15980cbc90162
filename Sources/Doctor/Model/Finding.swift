/// The result of a check, the worst last.
package enum Verdict: String, Codable, Comparable, CaseIterable, Sendable {
    case ok, skipped, warning, failed

    private var rank: Int {
        switch self {
        case .ok: 0
        case .skipped: 1
        case .warning: 2
        case .failed: 3
        }
    }

    package static func < (left: Verdict, right: Verdict) -> Bool { left.rank < right.rank }
}

/// One thing that is wrong, with what to do about it.
package struct Problem: Hashable, Sendable {
    /// `warning` or `failed`.
    package var verdict: Verdict
    /// What is wrong: a sentence without a full stop.
    package var sentence: String
    /// What to do about it.
    package var remedy: String

    static func failed(_ sentence: String, _ remedy: String) -> Problem {
        Problem(verdict: .failed, sentence: sentence, remedy: remedy)
    }

    static func warning(_ sentence: String, _ remedy: String) -> Problem {
        Problem(verdict: .warning, sentence: sentence, remedy: remedy)
    }
}

/// What a check found.
package struct Finding: Hashable, Sendable {
    /// All is well, as far as this says.
    package var summary: String
    /// What is wrong, the worst first.
    package private(set) var problems: [Problem]
    /// Whether it could not be looked at; ``summary`` says why.
    package private(set) var isSkipped = false
    /// Whether checks that need this one cannot say anything.
    var isBlocking: Bool

    /// Is ok when there are no problems.
    ///
    /// - Parameter isBlocking: Whether others wait for it; unless said otherwise they do when something failed.
    init(_ summary: String, _ problems: [Problem] = [], isBlocking: Bool? = nil) {
        self.summary = summary
        let failed = problems.filter { $0.verdict == .failed }
        self.problems = failed + problems.filter { $0.verdict != .failed }
        self.isBlocking = isBlocking ?? !failed.isEmpty
    }

    /// A check that cannot be made. Those that need it can, unless said otherwise.
    static func skipped(_ reason: String, isBlocking: Bool = false) -> Finding {
        var finding = Finding(reason, isBlocking: isBlocking)
        finding.isSkipped = true
        return finding
    }

    /// The worst of it.
    package var verdict: Verdict {
        problems.map(\.verdict).max() ?? (isSkipped ? .skipped : .ok)
    }

    /// The line: the worst problem, or that all is well.
    package var sentence: String { problems.first?.sentence ?? summary }
}
