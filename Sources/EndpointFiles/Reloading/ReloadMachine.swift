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
        /// Report.
        case report(ReloadReport)
    }

    private let policy: Backoff.Policy
    private let place: Double
    private var generator: SeededGenerator
    private var actions: [String: ReloadAction] = [:]
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
    public mutating func actionsChanged(to named: [String: ReloadAction]) -> [Action] {
        actions = named
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

    /// The run of that number has done it.
    public mutating func runEnded(
        _ action: ReloadAction,
        number: Int,
        at now: Duration
    ) -> [Action] {
        guard let paths = states[action.kind]?.runEnded(number, at: now) else { return [] }
        let owed = states[action.kind]?.replaced ?? []
        let settled = paths.subtracting(owed).sorted().map { Action.settle(path: $0) }
        return settled + [.report(.done(action, paths: paths.sorted()))] + advance(at: now)
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
