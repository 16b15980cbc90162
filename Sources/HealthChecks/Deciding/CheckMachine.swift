public import Machines
import Registry
import Texts

/// Decides when one check runs and whether it counts as passing.
///
/// At most one run is active: one that exceeds its timeout is killed, counts as failed, and the next
/// begins only after it is gone. While it is not, each interval counts as one more failure.
public struct CheckMachine: Sendable {
    /// An action for the driver, about a probe.
    public enum Action: Hashable, Sendable {
        /// Run it; the number comes back with the outcome.
        case run(number: Int)
        /// End this run.
        case cancel(number: Int)
    }

    private enum Step: Sendable {
        /// Nothing runs until then. Can go to `running`.
        case idle(due: Duration)
        /// A run is under way; it is cancelled then. Can go to `idle`, `overdue`.
        case running(number: Int, until: Duration, next: Duration)
        /// Cancelled; not yet gone. If it is not by `counts`, that is one more failure. Can go to `idle`,
        /// `overdue`.
        case overdue(number: Int, next: Duration, counts: Duration)
    }

    /// The definition: kind, target and timing.
    public let definition: CheckDefinition
    /// Whether it counts as passing.
    public private(set) var isUp: Bool
    /// The result of the last run that ended, if it failed.
    public private(set) var failure: String?
    /// Since when it fails without a pass between.
    public private(set) var failingSince: Duration?
    /// How many results in a row contradict ``isUp``.
    public private(set) var streak = 0
    private var step: Step
    private var generator: SeededGenerator
    private var hasResult = false
    /// When ``isUp`` became what it is.
    private var since: Duration

    /// A check that begins now.
    ///
    /// - Parameters:
    ///   - isUp: The initial state.
    ///   - generator: Decides the jitter.
    public init(
        _ definition: CheckDefinition,
        isUp: Bool,
        generator: SeededGenerator,
        at now: Duration
    ) {
        self.definition = definition
        self.isUp = isUp
        since = now
        var generator = generator
        step = .idle(due: now + Self.soon(definition.timing, &generator))
        self.generator = generator
    }

    /// The service was restarted: goes back to the initial state, and runs soon. The state of a unit is
    /// kept.
    mutating func beginAgain(at now: Duration) {
        if case .unit = definition.kind { return }
        isUp = definition.timing.initial == .up
        since = now
        streak = 0
        failure = nil
        failingSince = nil
        hasResult = false
        guard case .idle(let due) = step else { return }
        step = .idle(due: min(due, now + Self.soon(definition.timing, &generator)))
    }

    /// The number of the run under way, its end included.
    public var run: Int? {
        switch step {
        case .idle: nil
        case .running(let number, _, _), .overdue(let number, _, _): number
        }
    }

    /// When ``timePassed(to:number:)`` wants to be called next; `nil` for a unit.
    public var deadline: Duration? {
        if case .unit = definition.kind { return nil }
        return switch step {
        case .idle(let due): due
        case .running(_, let until, _): until
        case .overdue(_, _, let counts): counts
        }
    }

    /// The reason why it does not count as passing.
    public func reason(at now: Duration) -> HealthReason {
        let since = failingSince ?? self.since
        return HealthReason(
            check: definition.kind.description,
            saw: failure ?? unfinished,
            since: since,
            lasted: now - since
        )
    }

    private var unfinished: String {
        guard hasResult else {
            if case .unit = definition.kind { return "its state is not known from systemd yet" }
            return "it has not run yet"
        }
        return "it passed \(streak) of \(definition.timing.rise) times"
    }

    // MARK: events

    /// The clock reached `now`.
    ///
    /// - Parameter number: For the run that may begin.
    public mutating func timePassed(to now: Duration, number: Int) -> Action? {
        guard let deadline, deadline <= now else { return nil }
        switch step {
        case .idle:
            let next = now + interval()
            step = .running(number: number, until: now + definition.timing.timeout, next: next)
            return .run(number: number)
        case .running(let running, let until, let next):
            let counts = until + definition.timing.interval
            step = .overdue(number: running, next: next, counts: counts)
            failed("no answer within \(definition.timing.timeout.text)", at: now)
            return .cancel(number: running)
        case .overdue(let running, let next, _):
            let counts = now + definition.timing.interval
            step = .overdue(number: running, next: next, counts: counts)
            failed("the previous run hangs and cannot be killed", at: now)
            return nil
        }
    }

    /// A run has ended.
    ///
    /// - Parameter failure: What it saw; `nil` when it passed.
    public mutating func runEnded(_ number: Int, failure: String?, at now: Duration) {
        switch step {
        case .running(number, _, let next):
            step = .idle(due: max(now, next))
            if let failure { failed(failure, at: now) } else { passed(at: now) }
        case .overdue(number, let next, _):
            // Its result came too late and was counted as a failure already.
            step = .idle(due: max(now, next))
        default: break
        }
    }

    /// The unit that this check looks at is in this condition. systemd's word is exact: it counts at
    /// once.
    public mutating func unitChanged(to condition: UnitCondition, at now: Duration) {
        hasResult = true
        streak = 0
        switch condition {
        case .up:
            if !isUp { since = now }
            isUp = true
            failure = nil
            failingSince = nil
        case .goingDown: unitIsDown("it is being stopped", at: now)
        case .down(let words): unitIsDown("it is \(OneLine.excerpt(words))", at: now)
        }
    }

    private mutating func unitIsDown(_ words: String, at now: Duration) {
        if isUp { since = now }
        isUp = false
        failure = words
        failingSince = failingSince ?? now
    }

    // MARK: counting

    private mutating func passed(at now: Duration) {
        hasResult = true
        failure = nil
        failingSince = nil
        if isUp {
            streak = 0
        } else {
            streak += 1
            if streak >= definition.timing.rise {
                isUp = true
                since = now
                streak = 0
            }
        }
    }

    private mutating func failed(_ words: String, at now: Duration) {
        hasResult = true
        failure = words
        failingSince = failingSince ?? now
        if isUp {
            streak += 1
            if streak >= definition.timing.fall {
                isUp = false
                since = now
                streak = 0
            }
        } else {
            streak = 0
        }
    }

    /// So that a service waits for no whole interval; spread, so that they do not all begin at one
    /// instant.
    private static func soon(
        _ timing: CheckTiming,
        _ generator: inout SeededGenerator
    ) -> Duration {
        min(timing.interval / 4, .milliseconds(500))
            * Double.random(in: 0...1, using: &generator)
    }

    private mutating func interval() -> Duration {
        let jitter = definition.timing.jitter
        guard jitter > 0 else { return definition.timing.interval }
        return definition.timing.interval
            * (1 + Double.random(in: -jitter...jitter, using: &generator))
    }
}
