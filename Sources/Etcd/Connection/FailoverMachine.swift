import Registry

/// Decides which endpoint is tried next, and when.
///
/// A pass tries every endpoint once, one after the other, starting with the one that served last.
/// After a pass without success comes a delay with full jitter; after a success the next pass
/// starts at once, with the endpoint after the one that was lost.
///
/// A pass takes no longer than the dial timeout: what is left of it is shared by the endpoints that are
/// left, and none gets more than its attempt timeout.
///
/// When etcd comes back after all of it was away, a whole fleet comes at one instant. Connections are
/// cheap, and the leases need their keep-alives soon; lists and claims are not cheap. So each host waits
/// its turn with those: at random, for up to as long as etcd was away, with a limit.
struct FailoverMachine: Sendable {
    enum OnFailure: Equatable, Sendable {
        /// Try this endpoint now.
        case tryNext(EtcdEndpoint)
        /// Every endpoint failed: wait, then try this one.
        case wait(Duration, then: EtcdEndpoint)
    }

    private let endpoints: [EtcdEndpoint]
    private let limits: Limits
    private var current = 0
    private var passBegan = Duration.zero
    private var failuresInPass = 0
    /// Connections in a row that hardly lived.
    private var shortLived = 0
    private var backoff: Backoff
    /// Delays until the first endpoint ever serves: whoever starts before etcd does has nothing yet to go on with.
    private var firstBackoff: Backoff
    private var hasServed = false
    private var generator: SeededGenerator
    /// Since when no endpoint has answered, if all were asked.
    private var awaySince: Duration?
    private var isAway = false

    /// - Parameters:
    ///   - endpoints: At least one.
    ///   - first: Which one to begin with; taken modulo their number, so that a fleet with one
    ///     configuration can spread over the members.
    ///   - reconnect: Delays between passes.
    ///   - generator: Decides all jitter.
    init(
        endpoints: [EtcdEndpoint],
        first: Int,
        reconnect: Backoff.Policy,
        limits: Limits,
        generator: SeededGenerator
    ) {
        precondition(!endpoints.isEmpty, "a client needs at least one endpoint")
        self.endpoints = endpoints
        self.current = first % endpoints.count
        self.limits = limits
        var generator = generator
        backoff = Backoff(reconnect, generator: generator.split())
        firstBackoff = Backoff(
            .init(base: reconnect.base, cap: min(reconnect.cap, .seconds(1))),
            generator: generator.split()
        )
        self.generator = generator
    }

    /// The endpoint to try, or the one in use.
    var endpoint: EtcdEndpoint { endpoints[current] }

    /// An attempt begins.
    ///
    /// - Returns: How long it may take.
    mutating func attemptBegan(at now: Duration) -> Duration {
        if failuresInPass == 0 { passBegan = now }
        let left = limits.pass - (now - passBegan)
        let share = left / (endpoints.count - failuresInPass)
        return min(limits.attempt, max(share, Self.shortestAttempt))
    }

    /// The endpoint serves.
    ///
    /// - Returns: How long to wait with what costs the cluster much.
    mutating func connected(at now: Duration) -> Duration {
        defer {
            awaySince = nil
            isAway = false
            failuresInPass = 0
            hasServed = true
        }
        guard isAway, let since = awaySince else { return .zero }
        return min(now - since, limits.spread) * Double.random(in: 0...1, using: &generator)
    }

    /// The endpoint did not answer in time, refused, or has no leader.
    mutating func attemptFailed(at now: Duration) -> OnFailure {
        failuresInPass += 1
        awaySince = awaySince ?? now
        current = (current + 1) % endpoints.count
        guard failuresInPass >= endpoints.count else { return .tryNext(endpoint) }
        failuresInPass = 0
        isAway = true
        return .wait(hasServed ? backoff.next() : firstBackoff.next(), then: endpoint)
    }

    /// A connection that had been in use for `age` ended. The next member is asked first: this one
    /// had its reasons, and asking it again would be the slowest way to find out.
    ///
    /// A connection that hardly lived counts as the first failed attempt of a new pass. When there were as
    /// many of those in a row as there are endpoints there is a delay; servers that accept and hang up
    /// would be called in a tight loop otherwise.
    mutating func connectionLost(age: Duration, at now: Duration) -> OnFailure {
        guard age >= Self.settledAge else {
            shortLived += 1
            passBegan = now
            if shortLived >= endpoints.count {
                shortLived = 0
                failuresInPass = endpoints.count - 1
            }
            return attemptFailed(at: now)
        }
        shortLived = 0
        failuresInPass = 0
        backoff.reset()
        current = (current + 1) % endpoints.count
        return .tryNext(endpoint)
    }

    /// How long anything may take.
    struct Limits: Sendable {
        /// One attempt.
        var attempt: Duration
        /// A pass over all endpoints.
        var pass: Duration
        /// The wait for a turn after an absence of all endpoints.
        var spread: Duration

        init(_ configuration: EtcdClient.Configuration) {
            attempt = configuration.attemptTimeout
            pass = configuration.dialTimeout
            spread = configuration.spread
        }
    }

    /// With less than this no member on another continent could ever be reached.
    private static let shortestAttempt = Duration.milliseconds(250)

    /// From this age on a connection has proved that its member serves.
    static let settledAge = Duration.seconds(2)
}
