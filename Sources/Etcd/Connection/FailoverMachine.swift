import Machines

/// Decides which endpoint is tried next, and when.
///
/// A pass tries every endpoint once, one after the other: round the list from one that is drawn, or down
/// the list from its first, as ``EtcdClient/EndpointOrder`` says. After a pass without success comes a delay
/// with full jitter; after a success the next pass starts at once, and the endpoint that was lost is the
/// last one in it.
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
    private let order: EtcdClient.EndpointOrder
    private let limits: Limits
    /// The endpoints of this pass, by their places in the list.
    private var pass: [Int]
    private var current: Int
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
    ///   - first: Which one to begin with where that is drawn; taken modulo their number.
    ///   - reconnect: Delays between passes.
    ///   - generator: Decides all jitter.
    init(
        endpoints: [EtcdEndpoint],
        order: EtcdClient.EndpointOrder = .random,
        first: Int,
        reconnect: Backoff.Policy,
        limits: Limits,
        generator: SeededGenerator
    ) {
        precondition(!endpoints.isEmpty, "a client needs at least one endpoint")
        self.endpoints = endpoints
        self.order = order
        pass = []
        current = order == .random ? first % endpoints.count : 0
        self.limits = limits
        var generator = generator
        backoff = Backoff(reconnect, generator: generator.split())
        firstBackoff = Backoff(
            .init(base: reconnect.base, cap: min(reconnect.cap, .seconds(1))),
            generator: generator.split()
        )
        self.generator = generator
        pass = startingWithCurrent
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
            pass = startingWithCurrent
        }
        guard isAway, let since = awaySince else { return .zero }
        return min(now - since, limits.spread) * Double.random(in: 0...1, using: &generator)
    }

    /// The endpoint did not answer in time, refused, or has no leader.
    mutating func attemptFailed(at now: Duration) -> OnFailure {
        failuresInPass += 1
        awaySince = awaySince ?? now
        guard failuresInPass >= endpoints.count else {
            current = pass[failuresInPass]
            return .tryNext(endpoint)
        }
        failuresInPass = 0
        isAway = true
        begin(order == .random ? endingWithCurrent : Array(endpoints.indices))
        return .wait(hasServed ? backoff.next() : firstBackoff.next(), then: endpoint)
    }

    /// A connection that had been in use for `age` ended. The others are asked first: this one had its
    /// reasons, and asking it again would be the slowest way to find out.
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
        begin(endingWithCurrent)
        return .tryNext(endpoint)
    }

    private mutating func begin(_ pass: [Int]) {
        self.pass = pass
        current = pass[0]
    }

    /// All endpoints but the one in use, in the order in which they are tried after it.
    private var others: [Int] {
        switch order {
        case .random: (1..<endpoints.count).map { (current + $0) % endpoints.count }
        case .listed: endpoints.indices.filter { $0 != current }
        }
    }

    private var startingWithCurrent: [Int] { [current] + others }
    private var endingWithCurrent: [Int] { others + [current] }

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
