public import Registry

/// What the monitor reports to whoever registers, logs and counts. The first verdict on each service
/// is reported too, as soon as a check has said something.
public enum HealthReport: Hashable, Sendable {
    /// All checks pass: the service belongs into the registry.
    case up(ServiceKey)
    /// A check fails: the service does not belong into the registry.
    case down(ServiceKey, HealthReason)
    /// A service that is down is so for another reason than was said last.
    case reasonChanged(ServiceKey, HealthReason)
    /// The service passes again but has come and gone too often: it stays down until then, if it goes
    /// on passing. Said once, until `dampingEnded`.
    case dampingBegan(ServiceKey, returnIn: Duration)
    /// The service may return at once again.
    case dampingEnded(ServiceKey)
    /// A check failed that counts as up: the first of the failures that it takes. Said once until it
    /// passes again.
    case checkFailing(ServiceKey, check: String, saw: String, fall: Int)
}
