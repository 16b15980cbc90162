/// How a service stands now.
public struct HealthVerdict: Hashable, Sendable {
    /// Whether the service belongs into the registry.
    public enum State: Hashable, Sendable {
        /// All checks pass.
        case up
        /// A check fails, the first in the order of the configuration.
        case down(HealthReason)
        /// All checks pass, but its return is held back until this instant.
        case damped(until: Duration)
    }

    /// One check of it.
    public struct Check: Hashable, Sendable {
        /// The check, as in `tcp 127.0.0.1:8080`.
        public let name: String
        /// Whether it counts as passing.
        public let isUp: Bool
        /// What the last run that failed saw; `nil` when the last run passed or none has ended.
        public let lastFailure: String?
    }

    /// Whether it belongs into the registry, and why not.
    public let state: State
    /// Since when it does or does not, on the monitor's timeline.
    public let since: Duration
    /// Its checks in the order of the configuration.
    public let checks: [Check]

    /// Whether it belongs into the registry.
    public var isUp: Bool { state == .up }
}
