/// Decides which calls keep the state of some units known at any time, and which changes to report.
///
/// There is a signal for each change, so nothing is polled. Everything is read again when
/// signals may have been missed: after connecting, when systemd comes to the bus, and after a reload of
/// its files, which may give a name to another unit.
///
/// One connection has one order: what an answer says is at least as new as every signal that came
/// before it. So a question that is still open need not be asked again, and no state is older than
/// one that was told before.
struct UnitWatchMachine: Sendable {
    /// An action for the driver.
    enum Action: Hashable, Sendable {
        case ask(UnitQuestion)
        case tell(UnitChange)
        /// Every unit was read for the first time since the connection began.
        case sayFollowing
        /// This unit cannot be read; its state stays until everything is read again.
        case sayRefused(unit: String, SystemdError)
        /// The connection is of no use: close it, and tell ``UnitWatchMachine/lost(fraction:)``.
        case giveUp(SystemdError)
    }

    /// The last known properties of a unit.
    private struct Known {
        var path: String?
        var load = "loaded"
        var state: UnitState?
        var refusal: SystemdError?
    }

    /// How long to wait before connecting again: the ceiling of the first delay, and of all.
    private let retry: (first: Duration, cap: Duration)
    private var units: [String: Known]
    /// systemd's unique name. Anybody on the bus may send us signals that look like its own.
    private var manager: String?
    /// Asked, and not answered yet.
    private var open: Set<UnitQuestion> = []
    /// The rules that the bus has, with this connection.
    private var rules: Set<UnitQuestion> = []
    private var isFollowing = false
    /// Between the signals that systemd begins to read its files and that it has.
    private var isReloading = false
    private var failures = 0

    /// A machine for the units of these names, not connected.
    init(units: Set<String>, firstRetry: Duration, retryCap: Duration) {
        self.units = Dictionary(uniqueKeysWithValues: units.map { ($0, Known()) })
        self.retry = (firstRetry, retryCap)
    }

    /// A connection was opened.
    mutating func connected() -> [Action] {
        self.open = []
        self.rules = []
        self.isFollowing = false
        self.manager = nil
        for unit in self.units.keys { self.units[unit]?.path = nil }
        return self.match(.matchArrival) + self.match(.matchReload) + self.ask(.owner)
            + self.readAll()
    }

    /// The connection ended, or could not be opened.
    ///
    /// - Parameter fraction: A random number from 0 to 1.
    /// - Returns: How long to wait before the next: full jitter, doubling, with a cap.
    mutating func lost(fraction: Double) -> Duration {
        // Twenty doublings pass any sensible cap; more would overflow.
        let ceiling = min(self.retry.cap, self.retry.first * (1 << min(self.failures, 20)))
        self.failures += 1
        return ceiling * fraction
    }

    /// A signal came, from `sender`.
    mutating func heard(_ signal: UnitSignal, from sender: String) -> [Action] {
        if case .managerChanged(let owner) = signal {
            guard sender == SystemdNames.bus else { return [] }
            self.manager = owner
            return owner.isEmpty ? [] : self.readAll()
        }
        // Nothing is missed while the name is not known yet: what is asked after it is newer.
        return sender == self.manager ? self.heard(signal) : []
    }

    private mutating func heard(_ signal: UnitSignal) -> [Action] {
        switch signal {
        case .reloading:
            self.reloadBegan()
        case .managerChanged, .reloaded:
            self.readAll()
        case .appeared(let path):
            // Not read at once: reading would load it again when it is gone already, which is said
            // by such a signal, and so on without an end.
            self.names(at: path).flatMap { self.ask(.find(unit: $0)) }
        case .removed where self.isReloading:
            // Every unit is, and most of them are there again when all are read.
            []
        case .removed(let path):
            self.names(at: path).flatMap {
                self.learned($0, UnitFacts(active: "inactive", sub: "dead"))
            }
        case .changed(let path, let facts):
            self.names(at: path).flatMap { unit in
                facts.active == nil || facts.sub == nil
                    ? [] : self.learned(unit, facts)
            }
        }
    }

    /// A question was answered.
    mutating func answered(_ question: UnitQuestion, _ answer: UnitQuestion.Answer) -> [Action] {
        guard self.open.remove(question) != nil else { return [] }
        var actions = self.actions(after: question, answer)
        if self.open.isEmpty, !self.isFollowing {
            self.isFollowing = true
            self.failures = 0
            actions.append(.sayFollowing)
        }
        return actions
    }

    private mutating func actions(
        after question: UnitQuestion,
        _ answer: UnitQuestion.Answer
    ) -> [Action] {
        switch (question, answer) {
        case (_, .refused(let error)) where Self.endsConnection(error):
            return [.giveUp(error)]
        case (.find, .refused), (.subscribe, .refused):
            // Not loaded: it is gone again. Subscribed: we were before.
            return []
        case (.owner, .name(let name)):
            self.manager = name
            return []
        case (.match, .refused(let error)), (.owner, .refused(let error)):
            return [.giveUp(error)]
        case (.load(let unit), .refused(let error)), (.read(let unit, _), .refused(let error)):
            return self.wasRefused(unit, error)
        case (.load(let unit), .path(let path)), (.find(let unit), .path(let path)):
            self.units[unit]?.path = path
            // The rules first: what happens after the reading is heard.
            return self.match(.matchPresence(of: path)) + self.match(.matchChange(of: path))
                + self.ask(.read(unit: unit, path: path))
        case (.read(let unit, let path), .facts(let facts)):
            return self.units[unit]?.path == path ? self.learned(unit, facts) : []
        default:
            return []
        }
    }

    /// Whether `error` says that the peer is gone, rather than what it thinks of the question.
    private static func endsConnection(_ error: SystemdError) -> Bool {
        error.code == .busUnreachable || error.code == .busTimedOut
    }

    private mutating func readAll() -> [Action] {
        self.isReloading = false
        return self.ask(.subscribe) + self.units.keys.sorted().flatMap { self.ask(.load(unit: $0)) }
    }

    private mutating func reloadBegan() -> [Action] {
        self.isReloading = true
        return []
    }

    /// News when it is for another reason than before.
    private mutating func wasRefused(_ unit: String, _ error: SystemdError) -> [Action] {
        guard self.units[unit]?.refusal != error else { return [] }
        self.units[unit]?.refusal = error
        return [.sayRefused(unit: unit, error)]
    }

    private mutating func match(_ rule: UnitQuestion) -> [Action] {
        self.rules.insert(rule).inserted ? self.ask(rule) : []
    }

    private mutating func ask(_ question: UnitQuestion) -> [Action] {
        self.open.insert(question).inserted ? [.ask(question)] : []
    }

    /// The names that stand for the unit at `path`: more than one when some are aliases.
    private func names(at path: String) -> [String] {
        self.units.filter { $0.value.path == path }.keys.sorted()
    }

    /// The state of `unit` became known; news when it is another one.
    private mutating func learned(_ unit: String, _ facts: UnitFacts) -> [Action] {
        guard var known = self.units[unit] else { return [] }
        let active = facts.active ?? ""
        var state = UnitState(active: .init(rawValue: active) ?? .other, sub: facts.sub ?? "")
        // What runs was loaded, whatever the last reading said.
        known.load = facts.load ?? (state.active == .inactive ? known.load : "loaded")
        if state.active == .inactive, known.load != "loaded" { state.sub = known.load }
        let isNews = known.state != state
        known.state = state
        known.refusal = nil
        self.units[unit] = known
        return isNews ? [.tell(UnitChange(unit: unit, state: state))] : []
    }
}
