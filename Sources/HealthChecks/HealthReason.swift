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
