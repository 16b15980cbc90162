import Machines
import Registry

/// One action: whether it is due, and for which files.
struct ReloadState: Sendable {
    enum Step: Sendable {
        /// Nothing is to be done. Can go to `due`.
        case idle
        /// It is to be done then. Can go to `running`.
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
