import Glibc

/// The systemd that manages this system, asked over the system bus. See org.freedesktop.systemd1(5).
///
/// Each question opens a connection of its own, on a thread of its own, and closes it. Of a user's
/// systemd (`systemd --user`) nothing is asked.
public struct ServiceManager: Sendable {
    /// Creates a way to ask; does not connect.
    public init() {}

    /// Asks for the job of the unit that this process belongs to. SIGTERM is the same for a stop and
    /// for a restart; the job tells them apart.
    ///
    /// No privileges are needed.
    ///
    /// - Parameter limit: How long all of it may take.
    /// - Throws: ``SystemdError/Code/busUnreachable`` when there is no system bus, or no systemd on
    ///   it; ``SystemdError/Code/notAUnit`` when this process is no unit of the system's, but for
    ///   example of a user's systemd; ``SystemdError/Code/busTimedOut`` after `limit`;
    ///   ``SystemdError/Code/refused`` and ``SystemdError/Code/answerNotUnderstood``;
    ///   ``SystemdError/Code/cancelled`` at once when the task is cancelled.
    public func ownJob(
        within limit: Duration = .seconds(1)
    ) async throws(SystemdError) -> OwnJob {
        let deadline = ContinuousClock.now + limit
        return try await BusThread.run { bus throws(SystemdError) in
            let unit = try Self.ownUnit(bus, until: deadline)
            // A job may be replaced between the two questions, but hardly twice.
            for _ in 0..<3 {
                guard let job = try Self.job(of: unit, bus, until: deadline) else { return .none }
                if let type = try Self.type(ofJob: job, bus, until: deadline) {
                    return OwnJob(type: type)
                }
            }
            return .none
        }
    }

    /// How much memory a service may have: `MemoryMax=`, drop-ins included.
    ///
    /// No privileges are needed.
    ///
    /// - Parameters:
    ///   - service: The unit, such as `discoveryd.service`. Need not run.
    ///   - limit: How long all of it may take.
    /// - Returns: Bytes; `nil` when it has no such limit, or there is no such unit.
    /// - Throws: As ``ownJob(within:)``, but for `notAUnit`.
    ///
    /// See systemd.resource-control(5).
    public func memoryMax(
        of service: String,
        within limit: Duration = .seconds(1)
    ) async throws(SystemdError) -> UInt64? {
        let deadline = ContinuousClock.now + limit
        return try await BusThread.run { bus throws(SystemdError) in
            let unit = try bus.answer(to: .manager("LoadUnit", service), until: deadline)
            let answer = try bus.answer(
                to: .property(
                    "MemoryMax",
                    of: SystemdNames.serviceInterface,
                    at: try unit.readPath()
                ),
                until: deadline
            )
            try answer.enter(.variant, of: "t")
            let bytes = try answer.readLargeNumber()
            // The largest number is systemd's "infinity".
            return bytes == .max ? nil : bytes
        }
    }

    /// The object path of the unit that this process belongs to.
    private static func ownUnit(
        _ bus: borrowing BusConnection,
        until deadline: ContinuousClock.Instant
    ) throws(SystemdError) -> String {
        // 0 is whoever asks, as the bus knows it: right in any PID namespace.
        let answer = try bus.answer(to: .manager("GetUnitByPID", number: 0), until: deadline)
        let path = try answer.readPath()
        // What is below a user's systemd is user@UID.service to the system's, whose jobs are not ours.
        guard !path.hasPrefix(SystemdNames.managerPath + "/unit/user_40") else {
            throw .notAUnit(errno: ESRCH)
        }
        return path
    }

    /// The object path of the job that is queued or running for the unit at `path`, if there is one.
    static func job(
        of path: String,
        _ bus: borrowing BusConnection,
        until deadline: ContinuousClock.Instant
    ) throws(SystemdError) -> String? {
        let answer = try bus.answer(
            to: .property("Job", of: SystemdNames.unitInterface, at: path),
            until: deadline
        )
        try answer.enter(.variant, of: "(uo)")
        try answer.enter(.structure, of: "uo")
        let number = try answer.readNumber()
        return number == 0 ? nil : try answer.readPath()
    }

    /// Asks for the type of the job at `path`; `nil` if it is gone.
    static func type(
        ofJob path: String,
        _ bus: borrowing BusConnection,
        until deadline: ContinuousClock.Instant
    ) throws(SystemdError) -> String? {
        let call = BusCall.property("JobType", of: SystemdNames.jobInterface, at: path)
        do {
            let answer = try bus.answer(to: call, until: deadline)
            try answer.enter(.variant, of: "s")
            return try answer.readString()
        } catch  where error.code == .objectGone {
            return nil
        }
    }
}

/// The job that systemd runs for our own unit. See ``ServiceManager/ownJob(within:)``.
public enum OwnJob: Hashable, Sendable {
    /// It is being stopped, and stays so: `systemctl stop`, a unit that it needs stops, or the system
    /// goes down.
    case stop

    /// It is being stopped to be started again: `systemctl restart`, an upgrade.
    case restart

    /// It is not being stopped or started: the signal came from somewhere else, the watchdog, or
    /// `systemctl kill`. Whether systemd starts it again depends on `Restart=` of the unit.
    case none

    /// - Parameter type: The property JobType of org.freedesktop.systemd1.Job.
    init(type: String) {
        switch type {
        case "stop": self = .stop
        // A restart's job becomes a start when its first half is done, and that of `try-restart` is a
        // restart by the time it is queued.
        case "restart", "try-restart", "start": self = .restart
        default: self = .none
        }
    }
}
