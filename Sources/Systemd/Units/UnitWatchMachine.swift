import Machines

/// Decides which calls keep the state of some units known at any time, and which changes to report.
///
/// There is a signal for each change, so nothing is polled. Everything is read again when
/// signals may have been missed: after connecting, when systemd comes to the bus, and after a reload of
/// its files, which may give a name to another unit.
///
/// One connection has one order: what an answer says is at least as new as every signal that came
/// before it. So a question that is still open need not be asked again, and no state is older than
/// one that was told before.
struct UnitWatchMachine: StateMachine {
    /// An action for the driver.
    enum Action: Hashable, Sendable {
        /// Open a connection; then tell ``UnitWatchMachine/connected()`` or ``UnitWatchMachine/lost(_:at:)``.
        case connect
        /// Ask this over the connection; then tell ``UnitWatchMachine/answered(_:_:)``.
        case ask(UnitQuestion)
        /// Tell whoever follows the unit.
        case tell(UnitChange)
        /// Report that every unit was read for the first time since the connection began.
        case reportFollowing
        /// Report that this unit cannot be read; it stays as it is until everything is read anew.
        case reportRefused(unit: String, SystemdError)
        /// The connection is of no use: close it, and tell ``UnitWatchMachine/lost(_:at:)``.
        case giveUp(SystemdError)
        /// Report that the connection is lost, or could not be opened, and when the next is.
        case reportLost(SystemdError, retryAfter: Duration)
    }

    /// How far it is with the connection.
    enum State: Hashable, Sendable {
        /// Not started. Can go to `connecting`.
        case idle
        /// A connection is being opened. Can go to `reading`, `waiting`.
        case connecting
        /// There is a connection, and not every unit was read over it. Can go to `following`, `waiting`.
        case reading
        /// Every unit was read, and each change is heard of. Can go to `waiting`.
        case following
        /// The connection ended, or could not be opened. Can go to `connecting`.
        case waiting(until: Duration)
    }

    /// The last known properties of a unit.
    private struct Known {
        var path: String?
        var load = "loaded"
        var state: UnitState?
        var refusal: SystemdError?
    }

    private(set) var state = State.idle
    /// Delays before connecting again.
    private var backoff: Backoff
    private var units: [String: Known]
    /// systemd's unique name. Anybody on the bus may send us signals that look like its own.
    private var manager: String?
    /// Asked, and not answered yet.
    private var open: Set<UnitQuestion> = []
    /// The rules that the bus has, with this connection.
    private var rules: Set<UnitQuestion> = []
    /// Between the signals that systemd begins to read its files and that it has.
    private var isReloading = false

    /// A machine for the units of these names, not connected.
    ///
    /// - Parameters:
    ///   - retry: Delays before connecting again.
    ///   - generator: Decides their jitter.
    init(units: Set<String>, retry: Backoff.Policy, generator: SeededGenerator) {
        self.units = Dictionary(uniqueKeysWithValues: units.map { ($0, Known()) })
        self.backoff = Backoff(retry, generator: generator)
    }

    /// The watch runs.
    mutating func started() -> [Action] {
        guard self.state == .idle else { return [] }
        self.state = .connecting
        return [.connect]
    }

    /// A connection was opened.
    mutating func connected() -> [Action] {
        self.open = []
        self.rules = []
        self.state = .reading
        self.manager = nil
        for unit in self.units.keys { self.units[unit]?.path = nil }
        return self.match(.matchArrival) + self.match(.matchReload) + self.ask(.owner)
            + self.readAll()
    }

    /// The connection ended, or could not be opened.
    mutating func lost(_ error: SystemdError, at now: Duration) -> [Action] {
        let delay = self.backoff.next()
        self.state = .waiting(until: now + delay)
        return [.reportLost(error, retryAfter: delay)]
    }

    /// As ``StateMachine/deadline`` says.
    var deadline: Duration? {
        if case .waiting(let until) = self.state { until } else { nil }
    }

    /// As ``StateMachine/timePassed(to:)`` says.
    mutating func timePassed(to now: Duration) -> [Action] {
        guard case .waiting(let until) = self.state, until <= now else { return [] }
        self.state = .connecting
        return [.connect]
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
        if self.open.isEmpty, self.state == .reading {
            self.state = .following
            self.backoff.reset()
            actions.append(.reportFollowing)
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
        return [.reportRefused(unit: unit, error)]
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
