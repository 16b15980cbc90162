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
