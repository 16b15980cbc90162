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
