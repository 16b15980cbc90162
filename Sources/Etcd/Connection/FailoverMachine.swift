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
struct FailoverMachine: StateMachine {
    enum Action: Equatable, Sendable {
        /// Make a connection to this endpoint and see whether it serves, for so long at most; then tell
        /// ``connected(at:)`` or ``attemptFailed(at:)``.
        case attempt(EtcdEndpoint, within: Duration)
        /// Report that no endpoint could be used, and that all are tried again after the delay.
        case reportAllFailed(retryIn: Duration)
    }

    enum State: Equatable, Sendable {
        /// Not started. Can go to `attempting`.
        case idle
        /// A connection to the current endpoint is being made and asked. Can go to `connected`, `attempting`,
        /// `waiting`.
        case attempting
        /// The current endpoint serves. Can go to `attempting`, `waiting`.
        case connected(since: Duration)
        /// No endpoint could be used. Can go to `attempting`.
        case waiting(until: Duration)
    }

    private(set) var state = State.idle
    /// When it is our turn to ask for much, and when it is if that is urgent. Set by each connection.
    private(set) var turn = Duration.zero
    private(set) var urgentTurn = Duration.zero

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

    // MARK: events

    /// The client runs.
    mutating func started(at now: Duration) -> [Action] {
        guard state == .idle else { return [] }
        return attempt(at: now)
    }

    /// The endpoint serves. Whoever wants to ask for much waits for ``turn`` first.
    mutating func connected(at now: Duration) -> [Action] {
        guard state == .attempting else { return [] }
        state = .connected(since: now)
        let wait = waitForTurn(at: now)
        // In the same order, so that not all come at the end of the second.
        let share = limits.spread > .zero ? wait / limits.spread : 0
        turn = now + wait
        urgentTurn = now + min(wait, .seconds(1) * share)
        awaySince = nil
        isAway = false
        failuresInPass = 0
        hasServed = true
        pass = startingWithCurrent
        return []
    }

    /// The endpoint did not answer in time, refused, or has no leader.
    mutating func attemptFailed(at now: Duration) -> [Action] {
        guard state == .attempting else { return [] }
        return failed(at: now)
    }

    /// The connection in use ended. The others are asked first: this one had its reasons, and asking it again
    /// would be the slowest way to find out.
    ///
    /// A connection that hardly lived counts as the first failed attempt of a new pass. When there were as
    /// many of those in a row as there are endpoints there is a delay; servers that accept and hang up
    /// would be called in a tight loop otherwise.
    mutating func connectionLost(at now: Duration) -> [Action] {
        guard case .connected(let since) = state else { return [] }
        guard now - since >= Self.settledAge else {
            shortLived += 1
            passBegan = now
            if shortLived >= endpoints.count {
                shortLived = 0
                failuresInPass = endpoints.count - 1
            }
            return failed(at: now)
        }
        shortLived = 0
        failuresInPass = 0
        backoff.reset()
        begin(endingWithCurrent)
        return attempt(at: now)
    }

    // MARK: time

    /// As ``StateMachine/deadline`` says.
    var deadline: Duration? {
        if case .waiting(let until) = state { until } else { nil }
    }

    /// As ``StateMachine/timePassed(to:)`` says.
    mutating func timePassed(to now: Duration) -> [Action] {
        guard case .waiting(let until) = state, until <= now else { return [] }
        return attempt(at: now)
    }

    // MARK: passes

    private mutating func attempt(at now: Duration) -> [Action] {
        state = .attempting
        if failuresInPass == 0 { passBegan = now }
        let left = limits.pass - (now - passBegan)
        let share = left / (endpoints.count - failuresInPass)
        return [.attempt(endpoint, within: min(limits.attempt, max(share, Self.shortestAttempt)))]
    }

    private mutating func failed(at now: Duration) -> [Action] {
        failuresInPass += 1
        awaySince = awaySince ?? now
        guard failuresInPass >= endpoints.count else {
            current = pass[failuresInPass]
            return attempt(at: now)
        }
        failuresInPass = 0
        isAway = true
        begin(order == .random ? endingWithCurrent : Array(endpoints.indices))
        let delay = hasServed ? backoff.next() : firstBackoff.next()
        state = .waiting(until: now + delay)
        return [.reportAllFailed(retryIn: delay)]
    }

    /// How long to wait with what costs the cluster much.
    private mutating func waitForTurn(at now: Duration) -> Duration {
        guard isAway, let since = awaySince else { return .zero }
        return min(now - since, limits.spread) * Double.random(in: 0...1, using: &generator)
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
