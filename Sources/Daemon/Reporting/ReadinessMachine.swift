import Machines
import Registry

/// Decides when the daemon is ready, READY=1, and tells systemd to be patient until then.
///
/// Ready means: each service is registered or refused with a reason, and each output holds a
/// complete list that shows it, so that a unit ordered after us can open the files. When etcd keeps us waiting
/// longer than the start timeout, lists of an earlier run are good enough: degraded.
struct ReadinessMachine: StateMachine {
    enum Action: Hashable, Sendable {
        /// All is as it should be: READY=1.
        case ready
        /// The start timeout is over: READY=1, and say what is missing: etcd, and the output files unless
        /// they exist.
        case readyDegraded(filesExist: Bool)
        /// Ask systemd for more time to start.
        case extendTimeout(Duration)
        /// Write the list of an earlier run where there is no file, if there is such a list.
        case offerLastList
        /// See whether every output file exists, whoever wrote it.
        case checkFiles
    }

    enum State: Hashable, Sendable {
        /// Waiting for registrations and lists. Can go to `ready`, `overdue`.
        case starting
        /// The start timeout is over, and there is no list to be ready with. Can go to `ready`,
        /// `degraded`.
        case overdue
        /// Ready without etcd. Can go to `ready`.
        case degraded
        /// Ready. This state is terminal.
        case ready
    }

    /// What readiness depends on.
    struct Facts: Hashable, Sendable {
        /// How the instances stand that are to be registered.
        var registrations: [RegistrationStatus] = []
        /// How many services have no address to be registered at.
        var withoutAddress = 0
        /// How many instances are not registered because their checks have not said enough yet.
        var unjudged = 0
        /// Whether there is a list of this run.
        var hasList = false
        /// Up to which revision every output holds the list; `nil` while one of them holds none.
        var written: Revision?

        /// Whether each service is registered, or is not for a reason that is known.
        fileprivate var isSettled: Bool {
            withoutAddress == 0 && unjudged == 0 && registrations.allSatisfy(\.isSettled)
        }

        /// Whether each output holds a list of this run that shows our own registrations: a unit ordered after us may
        /// look for them.
        fileprivate var hasWrittenAll: Bool {
            guard hasList, let written else { return false }
            let registered = registrations.compactMap { status in
                if case .registered(_, let revision) = status { revision } else { nil }
            }
            return written >= registered.max() ?? .zero
        }
    }

    /// How often systemd is asked for patience, and for how much each time.
    private static let patienceEvery = Duration.seconds(5)
    private static let patience = Duration.seconds(15)

    private(set) var state = State.starting
    private let timeout: Duration
    private let needsFiles: Bool
    /// The list of an earlier run is on its way into the files.
    private var isListOnItsWay = false
    private var nextExtension = Duration.zero

    /// - Parameters:
    ///   - timeout: How long to wait for etcd.
    ///   - needsFiles: Whether to wait on without any list, or to be degraded then.
    init(timeout: Duration, needsFiles: Bool = true) {
        self.timeout = timeout
        self.needsFiles = needsFiles
    }

    /// Something changed; with what is true now.
    mutating func changed(to facts: Facts) -> [Action] {
        let (isSettled, hasWrittenAll) = (facts.isSettled, facts.hasWrittenAll)
        switch state {
        case .ready: return []
        case .starting, .degraded:
            guard isSettled, hasWrittenAll else { return [] }
            let isNews = state == .starting
            state = .ready
            return isNews ? [.ready] : []
        case .overdue:
            guard hasWrittenAll else { return [.checkFiles] }
            state = isSettled ? .ready : .degraded
            return [isSettled ? .ready : .readyDegraded(filesExist: true)]
        }
    }

    /// Whether there was a list of an earlier run to offer.
    mutating func lastListOffered(exists: Bool) -> [Action] {
        isListOnItsWay = exists
        return [.checkFiles]
    }

    /// Whether every output file exists.
    mutating func filesChecked(allExist: Bool) -> [Action] {
        guard state == .overdue else { return [] }
        guard allExist || (!needsFiles && !isListOnItsWay) else { return [] }
        state = .degraded
        return [.readyDegraded(filesExist: allExist)]
    }

    var deadline: Duration? {
        switch state {
        case .starting: min(timeout, nextExtension)
        case .overdue: nextExtension
        case .degraded, .ready: nil
        }
    }

    mutating func timePassed(to now: Duration) -> [Action] {
        var actions: [Action] = []
        if state == .starting || state == .overdue, nextExtension <= now {
            nextExtension = now + Self.patienceEvery
            actions.append(.extendTimeout(Self.patience))
            // A list that could not be written by now is no reason to wait on.
            isListOnItsWay = false
        }
        if state == .starting, timeout <= now {
            state = .overdue
            actions.append(.offerLastList)
        } else if state == .overdue {
            actions.append(.checkFiles)
        }
        return actions
    }
}

extension DaemonState {
    /// What readiness depends on.
    var readiness: ReadinessMachine.Facts {
        ReadinessMachine.Facts(
            registrations: registrations.values.map(\.status),
            withoutAddress: withoutAddress.count,
            unjudged: unjudged.count,
            hasList: hasList && list != nil,
            written: written
        )
    }
}
