public import Registry

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
