/// What became of a reload. See ``ServiceManager/reloadUnit(_:within:)``.
public enum ReloadOutcome: Hashable, Sendable {
    /// The unit has reloaded, as far as its `ExecReload=` tells.
    case reloaded

    /// The unit is not active: there is nothing to reload, and it will read what is new when it starts.
    case notActive
}

extension ServiceManager {
    /// Reloads a unit and waits for the end of that, as `systemctl reload` does. A job of another kind
    /// that waits for the unit is replaced.
    ///
    /// Needs root, or a rule of polkit: `Examples/polkit/50-discoveryd-reload.rules` is one. Nobody is
    /// ever asked for a password.
    ///
    /// - Parameters:
    ///   - unit: Its name with the suffix, as in `haproxy.service`.
    ///   - limit: How long all of it may take. After that, and on cancellation, a reload that has
    ///     begun goes on; only nobody waits for it.
    /// - Throws: ``SystemdError/Code/accessDenied``; ``SystemdError/Code/unitNotFound``;
    ///   ``SystemdError/Code/unitCannotReload`` when it has no `ExecReload=`;
    ///   ``SystemdError/Code/reloadFailed`` when it was begun and did not succeed;
    ///   ``SystemdError/Code/reloadTimedOut`` when it was begun and goes on after `limit`;
    ///   ``SystemdError/Code/busTimedOut`` when systemd does not answer; ``SystemdError/Code/busUnreachable``,
    ///   ``SystemdError/Code/refused`` and ``SystemdError/Code/answerNotUnderstood``;
    ///   ``SystemdError/Code/cancelled`` at once when the task is cancelled.
    public func reloadUnit(
        _ unit: String,
        within limit: Duration = .seconds(30)
    ) async throws(SystemdError) -> ReloadOutcome {
        let deadline = ContinuousClock.now + limit
        return try await BusThread.run { bus throws(SystemdError) in
            let manager = try Self.listenForJobs(bus, until: deadline)
            let job: String
            do throws(SystemdError) {
                job = try Self.beginReload(of: unit, bus, until: deadline)
            } catch {
                throw error.about(reloading: unit)
            }
            guard let result = try Self.result(ofJob: job, by: manager, bus, until: deadline)
            else { throw .reloadTimedOut(unit) }
            return try Self.outcome(result, of: unit)
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

    /// - Returns: The path of the job.
    private static func beginReload(
        of unit: String,
        _ bus: borrowing BusConnection,
        until deadline: ContinuousClock.Instant
    ) throws(SystemdError) -> String {
        let call = BusCall.manager("ReloadUnit", unit, "replace")
        do throws(SystemdError) {
            return try bus.answer(to: call, until: deadline).readPath()
        } catch  where error.code == .unitCannotReload {
            // Said of a unit that does not exist, too.
            let path = try bus.answer(to: .manager("LoadUnit", unit), until: deadline).readPath()
            let answer = try bus.answer(
                to: .properties(of: SystemdNames.unitInterface, at: path),
                until: deadline
            )
            guard try UnitFacts.read(answer).load == "not-found" else { throw error }
            throw .unitNotFound("Unit \(unit) not found.")
        }
    }

    /// Waits for the end of a job: `nil` when that does not come in time. Its signal cannot come before the answer that told its path.
    private static func result(
        ofJob job: String,
        by manager: String,
        _ bus: borrowing BusConnection,
        until deadline: ContinuousClock.Instant
    ) throws(SystemdError) -> String? {
        var manager = manager
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
