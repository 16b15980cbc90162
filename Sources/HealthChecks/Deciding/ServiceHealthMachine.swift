public import Machines
public import Registry

/// Decides whether one service is up: all its checks must pass, and it must not be flapping.
public struct ServiceHealthMachine: Sendable {
    /// An action for the driver.
    public enum Action: Hashable, Sendable {
        /// Run a probe of this kind; the number comes back with the outcome.
        case run(CheckKind, number: Int)
        /// End a run.
        case cancel(number: Int)
        /// Report.
        case report(HealthReport)
    }

    /// Which service.
    public let key: ServiceKey
    /// Its checks, in the order of the configuration.
    public private(set) var checks: [CheckMachine] = []
    /// Whether it is to be registered.
    public private(set) var isUp: Bool
    /// Since when.
    public private(set) var since: Duration
    private var damper: FlapDamper
    private var isReported = false
    /// The reason reported last for its being down.
    private var lastReason: String?
    /// Checks whose first failure was reported.
    private var reportedFailing: Set<CheckKind> = []
    private var generator: SeededGenerator

    /// A service whose checks have not begun.
    ///
    /// - Parameters:
    ///   - presumedUp: It was up in an earlier life or before it had checks: each check begins as up,
    ///     whatever its definition says.
    ///   - conditions: The conditions of units, as far as known.
    ///   - generator: Decides the jitter.
    public init(
        _ service: ServiceChecks,
        presumedUp: Bool,
        conditions: [String: UnitCondition] = [:],
        limits: DampingLimits = DampingLimits(),
        generator: SeededGenerator,
        at now: Duration
    ) {
        key = service.key
        damper = FlapDamper(limits)
        self.generator = generator
        isUp = false
        since = now
        adopt(service.checks, presumedUp: presumedUp, conditions, at: now)
        isUp = checks.allSatisfy(\.isUp)
    }

    /// How it stands.
    public func verdict(at now: Duration) -> HealthVerdict {
        let state: HealthVerdict.State =
            if isUp {
                .up
            } else if let check = firstFailing {
                .down(check.reason(at: now))
            } else {
                .damped(until: damper.heldUntil ?? now)
            }
        return HealthVerdict(state: state, since: since)
    }

    /// When ``timePassed(to:counter:)`` wants to be called next.
    public var deadline: Duration? {
        (checks.compactMap(\.deadline) + [damper.heldUntil].compactMap { $0 }).min()
    }

    // MARK: events

    /// Its checks have begun: says the first verdict, if there is one that rests on something.
    public mutating func started(at now: Duration) -> [Action] {
        guard isUp else { return firstWord(at: now) }
        guard !isReported else { return [] }
        isReported = true
        return [.report(.up(key))]
    }

    /// A service that begins as down is said to be down when a check has failed, not before one has run.
    private mutating func firstWord(at now: Duration) -> [Action] {
        guard !isReported, !isUp, checks.contains(where: { !$0.isUp && $0.failure != nil }) else {
            return []
        }
        isReported = true
        return [.report(downReport(at: now))]
    }

    /// The configuration names these checks now. Unchanged ones keep their state; a new one in a
    /// service that is up begins as up, so that a reload withdraws nothing by itself.
    public mutating func checksChanged(
        to definitions: [CheckDefinition],
        conditions: [String: UnitCondition],
        at now: Duration
    ) -> [Action] {
        let cancelled = adopt(definitions, presumedUp: isUp, conditions, at: now)
        return cancelled.map { .cancel(number: $0) } + concluded(at: now)
    }

    /// A run has ended; one that is not known is no longer of interest.
    ///
    /// - Parameter failure: What it saw; `nil` when it passed.
    public mutating func runEnded(_ number: Int, failure: String?, at now: Duration) -> [Action] {
        guard let index = checks.firstIndex(where: { $0.run == number }) else { return [] }
        checks[index].runEnded(number, failure: failure, at: now)
        return concluded(at: now)
    }

    /// A unit is in this condition. One that comes back is another process: what the other checks saw
    /// was the one before.
    public mutating func unitChanged(
        _ unit: String,
        to condition: UnitCondition,
        at now: Duration
    ) -> [Action] {
        var isBack = false
        for index in checks.indices where checks[index].definition.kind == .unit(unit) {
            let wasDown = !checks[index].isUp && checks[index].failure != nil
            checks[index].unitChanged(to: condition, at: now)
            if wasDown, checks[index].isUp { isBack = true }
        }
        if isBack {
            for index in checks.indices { checks[index].beginAgain(at: now) }
        }
        return concluded(at: now)
    }

    /// The clock reached `now`.
    ///
    /// - Parameter counter: The number of the last run that began; raised for each that begins now.
    public mutating func timePassed(to now: Duration, counter: inout Int) -> [Action] {
        var actions: [Action] = []
        for index in checks.indices {
            switch checks[index].timePassed(to: now, number: counter + 1) {
            case .run(let number)?:
                counter = number
                actions.append(.run(checks[index].definition.kind, number: number))
            case .cancel(let number)?: actions.append(.cancel(number: number))
            case nil: break
            }
        }
        return actions + concluded(at: now)
    }

    /// The runs under way, to be ended when the service is no longer configured.
    public var runs: [Int] { checks.compactMap(\.run) }

    // MARK: conclusions

    /// The first that has something to say, if any has.
    private var firstFailing: CheckMachine? {
        checks.first { !$0.isUp && $0.failure != nil } ?? checks.first { !$0.isUp }
    }

    private func downReport(at now: Duration) -> HealthReport {
        guard let check = firstFailing else { return .up(key) }
        return .down(key, check.reason(at: now))
    }

    private mutating func concluded(at now: Duration) -> [Action] {
        let failing = newlyFailing()
        let ended = damper.hasEnded(at: now) ? [Action.report(.dampingEnded(key))] : []
        return failing + ended + (firstFailing == nil ? returned(at: now) : wentDown(at: now))
            + firstWord(at: now) + newReason(at: now)
    }

    private mutating func newReason(at now: Duration) -> [Action] {
        guard isReported, !isUp, let check = firstFailing else {
            lastReason = nil
            return []
        }
        let reason = check.reason(at: now)
        let words = "\(reason.check): \(reason.saw)"
        defer { lastReason = words }
        guard let said = lastReason, said != words else { return [] }
        return [.report(.reasonChanged(key, reason))]
    }

    private mutating func wentDown(at now: Duration) -> [Action] {
        guard isUp else { return [] }
        isUp = false
        isReported = true
        since = now
        damper.changed(at: now)
        return [.report(downReport(at: now))]
    }

    private mutating func returned(at now: Duration) -> [Action] {
        guard !isUp else { return [] }
        switch damper.returnRequested(at: now) {
        case .allowed:
            isUp = true
            isReported = true
            since = now
            damper.changed(at: now)
            return [.report(.up(key))]
        case .heldBack(let until, let isNews):
            return isNews ? [.report(.dampingBegan(key, returnIn: until - now))] : []
        }
    }

    /// Says once that a check which counts as up has begun to fail.
    private mutating func newlyFailing() -> [Action] {
        var actions: [Action] = []
        for check in checks {
            let kind = check.definition.kind
            guard let failure = check.failure else {
                reportedFailing.remove(kind)
                continue
            }
            guard reportedFailing.insert(kind).inserted, check.isUp else { continue }
            actions.append(
                .report(
                    .checkFailing(
                        key,
                        check: kind.description,
                        saw: failure,
                        fall: check.definition.timing.fall
                    )
                )
            )
        }
        return actions
    }

    /// Takes over these definitions.
    ///
    /// - Returns: The runs of the checks that are gone.
    @discardableResult
    private mutating func adopt(
        _ definitions: [CheckDefinition],
        presumedUp: Bool,
        _ conditions: [String: UnitCondition],
        at now: Duration
    ) -> [Int] {
        var old = checks
        checks = definitions.map { definition in
            if let index = old.firstIndex(where: { $0.definition == definition }) {
                return old.remove(at: index)
            }
            var check = CheckMachine(
                definition,
                isUp: presumedUp || definition.timing.initial == .up,
                generator: generator.split(),
                at: now
            )
            if case .unit(let name) = definition.kind, let condition = conditions[name] {
                check.unitChanged(to: condition, at: now)
            }
            return check
        }
        reportedFailing.formIntersection(definitions.map(\.kind))
        return old.compactMap(\.run)
    }
}
