/// Sets when a check runs, and how many results in a row change its state. The words are HAProxy's:
/// `inter`, `rise` and `fall` of its `server` line, with its defaults for the last two.
public struct CheckTiming: Hashable, Sendable {
    /// The state before there are enough results.
    public enum Initial: String, Hashable, Sendable, CaseIterable {
        /// It has failed: `rise` passes are needed.
        case down
        /// It has passed: `fall` failures are needed.
        case up
    }

    /// From the beginning of one run to that of the next; each is moved by the jitter.
    public var interval: Duration
    /// How long a run may take; one that takes longer is killed and has failed.
    public var timeout: Duration
    /// How many passes in a row make it up.
    public var rise: Int
    /// How many failures in a row make it down.
    public var fall: Int
    /// The initial state.
    public var initial: Initial
    /// By which part of the interval each run is moved at most, to either side: 0.1 is ±10 %.
    public var jitter: Double

    /// Describes a timing; durations and counts are positive, `jitter` is from 0 to 0.5.
    public init(
        interval: Duration = .seconds(5),
        timeout: Duration = .seconds(2),
        rise: Int = 2,
        fall: Int = 3,
        initial: Initial = .down,
        jitter: Double = 0.1
    ) {
        self.interval = interval
        self.timeout = timeout
        self.rise = rise
        self.fall = fall
        self.initial = initial
        self.jitter = jitter
    }
}
