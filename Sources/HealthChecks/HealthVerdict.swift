/// The current health of a service.
public struct HealthVerdict: Hashable, Sendable {
    /// Whether the service is to be registered.
    public enum State: Hashable, Sendable {
        /// All checks pass.
        case up
        /// A check fails, the first in the order of the configuration.
        case down(HealthReason)
        /// All checks pass, but it is flapping and is not registered before this instant.
        case damped(until: Duration)
    }

    /// One check of it.
    public struct Check: Hashable, Sendable {
        /// The check, as in `tcp 127.0.0.1:8080`.
        public let name: String
        /// Whether it counts as passing.
        public let isUp: Bool
        /// The result of the last run, if it failed; `nil` when it passed or none has ended.
        public let lastFailure: String?
    }

    /// Whether it is to be registered, and why not.
    public let state: State
    /// Since when, on the monitor's timeline.
    public let since: Duration
    /// Its checks in the order of the configuration.
    public let checks: [Check]

    /// Whether it is to be registered.
    public var isUp: Bool { state == .up }
}
