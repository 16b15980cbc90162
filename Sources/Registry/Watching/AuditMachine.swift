import Machines

/// Decides when the list is compared with the store, and what a difference means.
///
/// A watch that lost an event does not notice it: the comparison, rare and cheap, finds it
/// (etcd had several such bugs). A difference alone is no fault: changes may be on their way. One
/// that is the same a while later is.
struct AuditMachine: Sendable {
    enum Verdict: Equatable, Sendable {
        /// The same, or not the same yet.
        case fine
        /// The list has missed something.
        case diverged
    }

    /// The difference at the first comparison.
    private struct Doubt {
        /// How many keys more we know than there are.
        var surplus: Int
        /// The last changes of keys that we do not know so.
        var unknown: [StoreKey: Revision]
    }

    private let every: Duration
    private let again: Duration
    private let pause: Duration
    private var generator: SeededGenerator
    private var doubt: Doubt?
    /// Up to where the list is known to be right.
    private(set) var since = Revision.zero
    /// When a comparison ended last.
    private var compared = Duration.zero
    /// When to ask next; not while a question is open, nor before the first list.
    private(set) var deadline: Duration?

    /// - Parameters:
    ///   - every: The time between two comparisons, about.
    ///   - again: How soon a difference is looked at again.
    ///   - pause: The least time between two comparisons of which the second was asked for.
    init(every: Duration, again: Duration, pause: Duration, generator: SeededGenerator) {
        self.every = every
        self.again = again
        self.pause = pause
        self.generator = generator
    }

    /// The list was read whole: it is right.
    mutating func listed(_ revision: Revision, at now: Duration) {
        since = revision
        doubt = nil
        plan(from: now)
    }

    /// - Returns: Whether the store is to be asked now, for what changed after ``since``.
    mutating func timePassed(to now: Duration) -> Bool {
        guard let due = deadline, due <= now else { return false }
        deadline = nil
        return true
    }

    /// Something may have been missed: sooner than planned, but not at once after the last time.
    mutating func suspected(at now: Duration) {
        guard let due = deadline else { return }
        deadline = min(due, max(now, compared + pause))
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
        let surplus = ours.count - theirs.count
        let unknown = theirs.changed.filter { ours.changed[$0.key] != $0.value }
        guard surplus != 0 || !unknown.isEmpty else {
            since = theirs.revision
            doubt = nil
            plan(from: now)
            return .fine
        }
        guard let first = doubt else {
            doubt = Doubt(surplus: surplus, unknown: unknown)
            deadline = now + again
            return .fine
        }
        doubt = nil
        plan(from: now)
        let isSurplusLasting = surplus != 0 && first.surplus == surplus
        let isChangeMissing = unknown.contains { first.unknown[$0.key] == $0.value }
        return isSurplusLasting || isChangeMissing ? .diverged : .fine
    }

    private mutating func plan(from now: Duration) {
        compared = now
        deadline = now + every * Double.random(in: 0.5...1.5, using: &generator)
    }
}
