public import Registry

/// The current health of a service.
public struct HealthVerdict: Hashable, Sendable {
    /// Whether the service is to be registered.
    public enum State: Hashable, Sendable {
        /// All checks pass. Can go to `down`.
        case up
        /// A check fails, the first in the order of the configuration. Can go to `up`, `damped`.
        case down(HealthReason)
        /// All checks pass, but it is flapping and is not registered before this instant. Can go to `up`, `down`.
        case damped(until: Duration)
    }

    /// Whether it is to be registered, and why not.
    public let state: State
    /// Since when, on the monitor's timeline.
    public let since: Duration

    /// Whether it is to be registered.
    public var isUp: Bool { state == .up }
}

/// The reason why a service is down: the check that fails, and its result.
public struct HealthReason: Hashable, Sendable, CustomStringConvertible {
    /// The check, as in `tcp 127.0.0.1:8080`.
    public let check: String
    /// The result of the check, with the remedy.
    public let saw: String
    /// Since when it sees that, on the monitor's timeline.
    public let since: Duration
    /// How long that had been so when this was said.
    public let lasted: Duration

    /// The check, what it saw, and for how long when that is a second or more.
    public var description: String {
        let seconds = lasted.components.seconds
        return "\(check): \(saw)" + (seconds > 0 ? "; for \(seconds) s now" : "")
    }
}

/// A report of the monitor, for the registration, the log and the metrics. The first verdict on each
/// service is reported too, as soon as a check has a result.
public enum HealthReport: Hashable, Sendable {
    /// All checks pass: the service is to be registered.
    case up(ServiceKey)
    /// A check fails: the service is to be deregistered.
    case down(ServiceKey, HealthReason)
    /// A service that is down is so for another reason than was reported last.
    case reasonChanged(ServiceKey, HealthReason)
    /// The service passes again but is flapping: it stays down for this time, if it goes on passing.
    /// Reported once, until `dampingEnded`.
    case dampingBegan(ServiceKey, returnIn: Duration)
    /// The service is no longer flapping.
    case dampingEnded(ServiceKey)
    /// A check that counts as up has failed: the first of the failures that make it down. Reported once
    /// until it passes again.
    case checkFailing(ServiceKey, check: String, saw: String, fall: Int)
}
