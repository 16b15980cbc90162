import Glibc
import Texts

/// The outcome of a reload. See ``ServiceManager/reloadUnit(_:within:)``.
public enum ReloadOutcome: Hashable, Sendable {
    /// The unit has reloaded, as far as its `ExecReload=` tells.
    case reloaded

    /// The unit is not active: there is nothing to reload, and it will read what is new when it starts.
    case notActive

    /// A stop of the unit is queued or under way, and no reload is let in before it. It may still be called
    /// off.
    case beingStopped
}

extension ServiceManager {
    /// Reloads a unit and waits for the end of that, as `systemctl reload` does, but in the job mode
    /// `fail`: a stop that is queued or under way is another's will and goes on. Its end is waited for.
    ///
    /// Needs root, or a rule of polkit: `Examples/polkit/50-discoveryd-reload.rules` is one. Nobody is
    /// ever asked for a password.
    ///
    /// - Parameters:
    ///   - unit: Its name with the suffix, as in `haproxy.service`.
    ///   - limit: How long all of it may take. After that, and on cancellation, a reload that has
    ///     begun goes on; only nobody waits for it.
    /// - Returns: ``ReloadOutcome/beingStopped`` when a stop has not ended after `limit`.
    /// - Throws: ``SystemdError/Code/accessDenied``; ``SystemdError/Code/unitNotFound``;
    ///   ``SystemdError/Code/unitCannotReload`` when it has no `ExecReload=`;
    ///   ``SystemdError/Code/jobConflicts`` when another job than a stop stands in the way;
    ///   ``SystemdError/Code/reloadFailed`` when it was begun and did not succeed;
    ///   ``SystemdError/Code/reloadTimedOut`` when it was begun and goes on after `limit`;
    ///   ``SystemdError/Code/busTimedOut`` when systemd does not answer; ``SystemdError/Code/busUnreachable``,
    ///   ``SystemdError/Code/refused`` and ``SystemdError/Code/answerNotUnderstood``;
    ///   ``SystemdError/Code/cancelled`` at once when the task is cancelled.
    ///
    /// See systemctl(1), `--job-mode=`.
    public func reloadUnit(
        _ unit: String,
        within limit: Duration = .seconds(30)
    ) async throws(SystemdError) -> ReloadOutcome {
        let deadline = ContinuousClock.now + limit
        return try await BusThread.run { bus throws(SystemdError) in
            var manager = try Self.listenForJobs(bus, until: deadline)
            var refusals = 0
            while true {
                let standing: Standing
                switch try Self.beginReload(of: unit, bus, until: deadline) {
                case .begun(let job):
                    guard
                        let result = try Self.result(ofJob: job, by: &manager, bus, until: deadline)
                    else { throw .reloadTimedOut(unit) }
                    guard result == "canceled" else { return try Self.outcome(result, of: unit) }
                    standing = try Self.standing(of: unit, bus, until: deadline)
                    // Whoever cancelled it did not do so to stop the unit.
                    if case .runs = standing { return try Self.outcome(result, of: unit) }
                case .conflict(let error):
                    standing = try Self.standing(of: unit, bus, until: deadline)
                    refusals += 1
                    // The stop may have been called off between the two questions, but hardly so often.
                    if case .runs = standing, refusals > 3 { throw error.about(reloading: unit) }
                }
                switch standing {
                case .ends: return .notActive
                case .runs: continue
                case .stops(let job):
                    switch try Self.result(ofJob: job, by: &manager, bus, until: deadline) {
                    case nil: return .beingStopped
                    case "done"?: return .notActive
                    // Called off, or it failed: the unit may run on.
                    default: refusals = 0
                    }
                }
            }
        }
    }

    /// Asks for the signals that jobs have ended, before one is begun.
    ///
    /// - Returns: systemd's unique name: anybody on the bus may send signals that look like its own.
    private static func listenForJobs(
        _ bus: borrowing BusConnection,
        until deadline: ContinuousClock.Instant
    ) throws(SystemdError) -> String {
        let rule = """
            type='signal',sender='\(SystemdNames.service)',\
            interface='\(SystemdNames.managerInterface)',member='JobRemoved'
            """
        _ = try bus.answer(to: .bus("AddMatch", rule), until: deadline)
        _ = try bus.answer(to: UnitQuestion.matchArrival.call, until: deadline)
        _ = try bus.answer(to: .manager("Subscribe"), until: deadline)
        let owner = BusCall.bus("GetNameOwner", SystemdNames.service)
        return try bus.answer(to: owner, until: deadline).readString()
    }

    /// The reply to a request for a reload.
    private enum Begun {
        /// The path of the job.
        case begun(job: String)
        /// Another job stands in the way.
        case conflict(SystemdError)
    }

    private static func beginReload(
        of unit: String,
        _ bus: borrowing BusConnection,
        until deadline: ContinuousClock.Instant
    ) throws(SystemdError) -> Begun {
        // "replace" would cancel a stop that the administrator waits for.
        let call = BusCall.manager("ReloadUnit", unit, "fail")
        do throws(SystemdError) {
            return .begun(job: try bus.answer(to: call, until: deadline).readPath())
        } catch  where error.code == .jobConflicts {
            return .conflict(error)
        } catch  where error.code == .unitCannotReload {
            // Said of a unit that does not exist, too.
            guard try Self.load(unit, bus, until: deadline).facts.load == "not-found" else {
                throw error.about(reloading: unit)
            }
            throw .unitNotFound("Unit \(unit) not found.").about(reloading: unit)
        } catch {
            throw error.about(reloading: unit)
        }
    }

    /// Whether a unit is stopping.
    private enum Standing {
        /// A job is to stop it, by its path.
        case stops(job: String)
        /// It has ended, or ends by itself.
        case ends
        /// Anything else.
        case runs
    }

    private static func standing(
        of unit: String,
        _ bus: borrowing BusConnection,
        until deadline: ContinuousClock.Instant
    ) throws(SystemdError) -> Standing {
        let path = try Self.load(unit, bus, until: deadline).path
        if let job = try Self.job(of: path, bus, until: deadline),
            try Self.type(ofJob: job, bus, until: deadline) == "stop"
        {
            return .stops(job: job)
        }
        // After the job and not before it: a stop may have begun and ended in between.
        let facts = try Self.load(unit, bus, until: deadline).facts
        return ["inactive", "failed", "deactivating"].contains(facts.active) ? .ends : .runs
    }

    /// The object path of a unit, which is loaded for it when it is not, and its state.
    static func load(
        _ unit: String,
        _ bus: borrowing BusConnection,
        until deadline: ContinuousClock.Instant
    ) throws(SystemdError) -> (path: String, facts: UnitFacts) {
        let path = try bus.answer(to: .manager("LoadUnit", unit), until: deadline).readPath()
        let answer = try bus.answer(
            to: .properties(of: SystemdNames.unitInterface, at: path),
            until: deadline
        )
        return (path, try UnitFacts.read(answer))
    }

    /// Waits for the end of a job: `nil` when that does not come in time. Its signal cannot come before the
    /// answer that told its path.
    private static func result(
        ofJob job: String,
        by manager: inout String,
        _ bus: borrowing BusConnection,
        until deadline: ContinuousClock.Instant
    ) throws(SystemdError) -> String? {
        while let message = try bus.next(until: deadline) {
            if message.sender == SystemdNames.bus,
                case .managerChanged(let owner) = try UnitSignal.read(message)
            {
                // systemd was started anew, and keeps its jobs under a new name.
                manager = owner
                if !owner.isEmpty { _ = try bus.send(.manager("Subscribe")) }
                continue
            }
            guard message.isSignal("JobRemoved", of: SystemdNames.managerInterface),
                message.sender == manager
            else { continue }
            _ = try message.readNumber()
            guard try message.readPath() == job else { continue }
            _ = try message.readString()
            return try message.readString()
        }
        return nil
    }

    /// - Parameter result: What JobRemoved says of the job; see org.freedesktop.systemd1(5).
    static func outcome(_ result: String, of unit: String) throws(SystemdError) -> ReloadOutcome {
        switch result {
        case "done": return .reloaded
        case "invalid": return .notActive
        default: throw .reloadFailed(unit, result: result)
        }
    }
}

extension SystemdError {
    /// The same error, which says what it was about.
    func about(reloading unit: String) -> SystemdError {
        var error = self
        error.message = "cannot reload \(OneLine.flattened(unit)): \(self.message)"
        return error
    }

    /// It was begun, and goes on.
    static func reloadTimedOut(_ unit: String) -> SystemdError {
        SystemdError(
            code: .reloadTimedOut,
            message: """
                the reload of \(OneLine.flattened(unit)) goes on, longer than we wait; look what \
                its ExecReload= waits for: systemctl status
                """,
            errno: ETIMEDOUT
        )
    }

    /// - Parameter result: What JobRemoved says of the job; see org.freedesktop.systemd1(5).
    static func reloadFailed(_ unit: String, result: String) -> SystemdError {
        let unit = OneLine.flattened(unit)
        let message =
            switch result {
            case "failed":
                "the reload of \(unit) failed; see journalctl -u \(unit)"
            case "canceled":
                "the reload of \(unit) was cancelled by somebody, as systemctl cancel does"
            case "timeout":
                "the reload of \(unit) took longer than its TimeoutStartSec= allows; it may be shorter"
            case "dependency":
                "\(unit) was not reloaded, as a unit that it needs failed; see systemctl status \(unit)"
            default:
                """
                the reload of \(unit) ended with "\(OneLine.flattened(result))"; see \
                journalctl -u \(unit)
                """
            }
        return SystemdError(
            code: .reloadFailed,
            message: message,
            errno: result == "timeout" ? ETIMEDOUT : EIO
        )
    }
}
