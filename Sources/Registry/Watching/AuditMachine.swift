/// Decides when the list is compared with the store, and what a difference means.
///
/// A watch that lost an event shows nothing of it: the comparison, rare and cheap, is what finds it
/// (etcd had several such faults). A difference alone is no fault: changes may be on their way. Seen
/// again a while later, with nothing moved or with the old change still missing, it is one.
struct AuditMachine: Sendable {
    enum Verdict: Equatable, Sendable {
        /// The same, or not the same yet.
        case fine
        /// The list has missed something.
        case diverged
    }

    private struct Doubt {
        var ours: KeySummary
        var theirs: KeySummary
    }

    private let every: Duration
    private let again: Duration
    private var generator: SeededGenerator
    private var doubt: Doubt?
    /// When to ask next; not while a question is open, nor before the first list.
    private(set) var deadline: Duration?

    /// - Parameters:
    ///   - every: The time between two comparisons, about.
    ///   - again: How soon a difference is looked at again.
    init(every: Duration, again: Duration, generator: SeededGenerator) {
        self.every = every
        self.again = again
        self.generator = generator
    }

    /// The list was read whole: it is right.
    mutating func listed(at now: Duration) {
        doubt = nil
        plan(from: now)
    }

    /// - Returns: Whether the store is to be asked now.
    mutating func timePassed(to now: Duration) -> Bool {
        guard let due = deadline, due <= now else { return false }
        deadline = nil
        return true
    }

    /// The question had no answer.
    mutating func failed(at now: Duration) {
        doubt = nil
        plan(from: now)
    }

    /// The answer is here.
    mutating func compared(
        _ ours: KeySummary,
        with theirs: KeySummary,
        at now: Duration
    ) -> Verdict {
        guard ours != theirs else {
            doubt = nil
            plan(from: now)
            return .fine
        }
        guard let first = doubt else {
            doubt = Doubt(ours: ours, theirs: theirs)
            deadline = now + again
            return .fine
        }
        doubt = nil
        plan(from: now)
        let hasNothingMoved = first.ours == ours && first.theirs == theirs
        let isChangeMissing = ours.highest < first.theirs.highest
        return hasNothingMoved || isChangeMissing ? .diverged : .fine
    }

    private mutating func plan(from now: Duration) {
        deadline = now + every * Double.random(in: 0.5...1.5, using: &generator)
    }
}
