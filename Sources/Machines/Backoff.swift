/// Computes the delay before the next try: full jitter, doubling, with a cap.
///
/// "Full" means that each delay is drawn evenly from zero up to the current ceiling, the first one
/// included. A fleet whose etcd restarts fails at one instant; anything less than full jitter sends
/// it back as a herd.
public struct Backoff: Sendable {
    /// The bounds of the delays.
    public struct Policy: Sendable, Hashable {
        /// The ceiling of the first delay.
        public var base: Duration
        /// The ceiling that is never passed.
        public var cap: Duration

        /// Bounds delays; both are positive and `base` is at most `cap`.
        public init(base: Duration, cap: Duration) {
            self.base = base
            self.cap = cap
        }
    }

    private let policy: Policy
    private var generator: SeededGenerator
    /// How many delays were drawn since the last reset.
    public private(set) var attempts = 0

    /// A fresh backoff; the same generator gives the same delays.
    public init(_ policy: Policy, generator: SeededGenerator) {
        self.policy = policy
        self.generator = generator
    }

    /// The delay before the next try, from zero to the current ceiling.
    public mutating func next() -> Duration {
        let delay = ceiling * Double.random(in: 0...1, using: &generator)
        attempts += 1
        return delay
    }

    /// A delay of the shortest ceiling, without counting as a try: spreads what many do at one
    /// instant.
    public mutating func jitter() -> Duration {
        policy.base * Double.random(in: 0...1, using: &generator)
    }

    /// The last try succeeded: the next failure starts with the shortest ceiling again.
    public mutating func reset() {
        attempts = 0
    }

    private var ceiling: Duration {
        // Twenty doublings pass any sensible cap; more would overflow.
        min(policy.cap, policy.base * (1 << min(attempts, 20)))
    }
}
