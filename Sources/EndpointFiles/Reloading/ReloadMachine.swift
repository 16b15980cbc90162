public import Machines
import Registry

/// Decides which action is done when, after files were replaced.
///
/// At most one run of an action is under way. What falls due meanwhile, or before the least interval is
/// over, is done afterwards: once, and never dropped. A run that fails is tried again until one succeeds.
public struct ReloadMachine: StateMachine {
    /// An action for the driver.
    public enum Action: Equatable, Sendable {
        /// Do it. The number comes back with the outcome.
        case perform(ReloadAction, number: Int)
        /// The file is taken up as it is: nothing is owed for it.
        case settle(path: String)
        /// Tell whoever wants to know that the reader has loaded the file.
        case loaded(path: String)
        /// Report.
        case report(ReloadReport)
    }

    private let policy: Backoff.Policy
    private let place: Double
    private var generator: SeededGenerator
    private var actions: [String: ReloadAction] = [:]
    /// Files of which somebody else says when they are taken up.
    private var others: Set<String> = []
    private var states: [ReloadAction.Kind: ReloadState] = [:]
    private var runs = 0

    /// A machine without actions.
    ///
    /// - Parameters:
    ///   - place: This host's place in a fleet, 0 to 1, the same at each start.
    ///   - policy: Delays after failed runs.
    ///   - generator: Decides their jitter.
    public init(
        place: Double,
        policy: Backoff.Policy = .init(base: .seconds(2), cap: .seconds(60)),
        generator: SeededGenerator
    ) {
        self.place = place
        self.policy = policy
        self.generator = generator
    }

    /// The failures of the actions whose last run failed.
    public var faults: [ReloadAction: ReloadFault] {
        let failing = states.values.compactMap { state in state.fault.map { (state.action, $0) } }
        return Dictionary(failing) { first, _ in first }
    }

    // MARK: events

    /// The configuration names these actions now, by the path of the file each is for; those of one kind
    /// have the same settings. What is due of one that is no longer named is not done.
    ///
    /// - Parameter others: The files of which somebody else says when nothing is owed for them any more.
    public mutating func actionsChanged(
        to named: [String: ReloadAction],
        except others: Set<String> = []
    ) -> [Action] {
        actions = named
        self.others = others
        let wanted = Dictionary(named.values.map { ($0.kind, $0) }) { first, _ in first }
        states = states.filter { wanted[$0.key] != nil }
        for (kind, action) in wanted {
            guard states[kind] == nil else {
                states[kind]?.action = action
                continue
            }
            states[kind] = ReloadState(
                action,
                place: place,
                backoff: Backoff(policy, generator: generator.split())
            )
        }
        return []
    }

    /// A file was replaced.
    public mutating func fileReplaced(_ path: String, at now: Duration) -> [Action] {
        guard let action = actions[path] else { return [] }
        states[action.kind]?.fileReplaced(path, at: now)
        return advance(at: now)
    }

    /// The reader has a file by other means.
    public mutating func fileTakenUp(_ path: String) -> [Action] {
        guard let action = actions[path] else { return [] }
        states[action.kind]?.fileTakenUp(path)
        return []
    }

    /// The run of that number has done it.
    public mutating func runEnded(
        _ action: ReloadAction,
        number: Int,
        at now: Duration
    ) -> [Action] {
        guard let paths = states[action.kind]?.runEnded(number, at: now) else { return [] }
        let owed = states[action.kind]?.replaced ?? []
        let settled = paths.subtracting(owed).subtracting(others).sorted()
            .map { Action.settle(path: $0) }
        // Of one that was replaced meanwhile the reader may have the older file.
        let loaded = paths.subtracting(owed).sorted().map { Action.loaded(path: $0) }
        return settled + loaded + [.report(.done(action, paths: paths.sorted()))] + advance(at: now)
    }

    /// The run of that number came to a reader that is about to end. No failure: it is looked at again soon,
    /// and nothing is owed once it has ended.
    public mutating func runPutOff(
        _ action: ReloadAction,
        number: Int,
        at now: Duration
    ) -> [Action] {
        states[action.kind]?.runPutOff(number, at: now)
        return []
    }

    /// The run of that number failed.
    public mutating func runFailed(
        _ action: ReloadAction,
        number: Int,
        _ fault: ReloadFault,
        at now: Duration
    ) -> [Action] {
        guard let (delay, isNews) = states[action.kind]?.runFailed(number, fault, at: now)
        else { return [] }
        return isNews ? [.report(.failed(action, fault, retryIn: delay))] : []
    }

    // MARK: time

    /// As ``StateMachine/deadline`` says.
    public var deadline: Duration? { states.values.compactMap(\.deadline).min() }

    /// As ``StateMachine/timePassed(to:)`` says.
    public mutating func timePassed(to now: Duration) -> [Action] { advance(at: now) }

    private mutating func advance(at now: Duration) -> [Action] {
        let due = states.values.filter { $0.deadline.map { $0 <= now } ?? false }.map(\.action)
        return due.sorted { $0.description < $1.description }.compactMap { action in
            runs += 1
            guard states[action.kind]?.begin(runs, at: now) == true else { return nil }
            return .perform(action, number: runs)
        }
    }
}

/// One action: whether it is due, and for which files.
struct ReloadState: Sendable {
    enum Step: Sendable {
        /// Nothing is to be done. Can go to `due`.
        case idle
        /// It is to be done then. Can go to `running`; to `idle` when the reader has all files by other means.
        case due(at: Duration)
        /// It is being done. Can go to `idle`, `due` (also when it was put off), `failed`.
        case running(number: Int)
        /// The last run failed. Can go to `running`.
        case failed(ReloadFault, until: Duration)
    }

    /// Files that change together are written one after the other, and each by its own check: how long
    /// nothing may be replaced before they are one change, and how long that may go on.
    private static let together = (quiet: Duration.milliseconds(200), longest: Duration.seconds(1))

    /// How soon a reader that is about to end is asked again. Each question waits by itself for its end.
    private static let pauseOfPutOff = Duration.seconds(1)

    /// The action; its settings may change during a run.
    var action: ReloadAction
    private(set) var step = Step.idle
    /// The files that were replaced since the last run began.
    private(set) var replaced: Set<String> = []
    /// The files that the run under way is for.
    private var running: Set<String> = []
    private var lastBegan: Duration?
    private var firstReplaced: Duration?
    private var lastFault: ReloadFault?
    private var backoff: Backoff
    private let place: Double

    /// - Parameter place: This host's place in a fleet, 0 to 1.
    init(_ action: ReloadAction, place: Double, backoff: Backoff) {
        self.action = action
        self.backoff = backoff
        self.place = place
    }

    /// The failure of the last run, until one succeeds.
    var fault: ReloadFault? { lastFault }

    var deadline: Duration? {
        switch step {
        case .idle, .running: nil
        case .due(let instant): instant
        case .failed(_, let until): until
        }
    }

    mutating func fileReplaced(_ path: String, at now: Duration) {
        replaced.insert(path)
        switch step {
        // The run under way may have read the file before; the next try comes anyway.
        case .running, .failed: break
        case .idle:
            firstReplaced = now
            fallDue(at: now)
        case .due: fallDue(at: now)
        }
    }

    mutating func fileTakenUp(_ path: String) {
        replaced.remove(path)
        if case .failed = step { running.remove(path) }
        guard replaced.isEmpty, running.isEmpty else { return }
        switch step {
        case .due, .failed: (step, lastFault) = (.idle, nil)
        case .idle, .running: break
        }
    }

    private mutating func fallDue(at now: Duration) {
        let first = firstReplaced ?? now
        let settled = min(now + Self.together.quiet, first + Self.together.longest)
        // The later of two changes does not put off what the first has made due.
        let earliest = lastBegan.map { $0 + action.interval } ?? .zero
        step = .due(at: max(settled, first + action.splay * place, earliest))
    }

    /// - Returns: Whether the action is to be done now; it is then under way.
    mutating func begin(_ number: Int, at now: Duration) -> Bool {
        guard let deadline, deadline <= now else { return false }
        step = .running(number: number)
        running.formUnion(replaced)
        replaced = []
        firstReplaced = nil
        lastBegan = now
        return true
    }

    /// - Returns: The files that it was done for; `nil` when it was another run.
    mutating func runEnded(_ number: Int, at now: Duration) -> Set<String>? {
        guard case .running(number) = step else { return nil }
        defer { running = [] }
        lastFault = nil
        backoff.reset()
        if replaced.isEmpty {
            step = .idle
        } else {
            firstReplaced = now
            fallDue(at: now)
        }
        return running
    }

    mutating func runPutOff(_ number: Int, at now: Duration) {
        guard case .running(number) = step else { return }
        replaced.formUnion(running)
        running = []
        firstReplaced = now
        let earliest = (lastBegan ?? now) + action.interval
        step = .due(at: max(now + Self.pauseOfPutOff, earliest))
    }

    /// - Returns: The delay before the next try, and whether the failure is news; `nil` when it was
    ///   another run.
    mutating func runFailed(
        _ number: Int,
        _ fault: ReloadFault,
        at now: Duration
    ) -> (Duration, isNews: Bool)? {
        guard case .running(number) = step else { return nil }
        let isNews = lastFault != fault
        lastFault = fault
        let earliest = (lastBegan ?? now) + action.interval
        let until = max(now + backoff.next(), earliest)
        step = .failed(fault, until: until)
        return (until - now, isNews)
    }
}
