import Registry

/// Decides which endpoint is tried next, and when.
///
/// A pass tries every endpoint once, one after the other, starting with the one that served last.
/// After a pass without success comes a delay with full jitter; after a success the next pass
/// starts at once, with the endpoint after the one that was lost.
struct FailoverMachine: Sendable {
    enum OnFailure: Equatable, Sendable {
        /// Try this endpoint now.
        case tryNext(EtcdEndpoint)
        /// Every endpoint failed: wait, then try this one.
        case wait(Duration, then: EtcdEndpoint)
    }

    private let endpoints: [EtcdEndpoint]
    private var current = 0
    private var failuresInPass = 0
    private var backoff: Backoff

    /// - Parameters:
    ///   - endpoints: At least one.
    ///   - first: Which one to begin with; taken modulo their number, so that a fleet with one
    ///     configuration can spread over the members.
    init(endpoints: [EtcdEndpoint], first: Int, backoff: Backoff) {
        precondition(!endpoints.isEmpty, "a client needs at least one endpoint")
        self.endpoints = endpoints
        self.current = first % endpoints.count
        self.backoff = backoff
    }

    /// The endpoint to try, or the one in use.
    var endpoint: EtcdEndpoint { endpoints[current] }

    /// The endpoint did not answer in time, refused, or has no leader.
    mutating func attemptFailed() -> OnFailure {
        failuresInPass += 1
        current = (current + 1) % endpoints.count
        guard failuresInPass >= endpoints.count else { return .tryNext(endpoint) }
        failuresInPass = 0
        return .wait(backoff.next(), then: endpoint)
    }

    /// A connection that had been in use for `age` ended. The next member is asked first: this one
    /// had its reasons, and asking it again would be the slowest way to find out.
    ///
    /// A connection that hardly lived counts as a failed attempt; a server that accepts and hangs
    /// up would be called in a tight loop otherwise.
    mutating func connectionLost(age: Duration) -> OnFailure {
        guard age >= Self.settledAge else { return attemptFailed() }
        failuresInPass = 0
        backoff.reset()
        current = (current + 1) % endpoints.count
        return .tryNext(endpoint)
    }

    /// From this age on a connection has proved that its member serves.
    static let settledAge = Duration.seconds(2)
}
