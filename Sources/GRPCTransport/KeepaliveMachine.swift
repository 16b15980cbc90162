/// Decides when a connection is pinged and when it is given up: a server that has not been heard for a while is
/// asked, and one that does not answer is gone. See HTTP/2 PING (RFC 9113 §6.7) and gRPC's "Keepalive" (A8).
///
/// Without a call under way none is sent: etcd, as other servers of gRPC, hangs up on those.
struct KeepaliveMachine {
    /// An order to the connection.
    enum Action: Equatable {
        /// Call ``timerFired(now:hasCalls:)`` at that time.
        case wait(until: Duration)
        /// Send a ping, and call at that time.
        case ping(until: Duration)
        /// The server is gone.
        case giveUp
    }

    private enum State {
        /// Can go to `asked`.
        case quiet
        /// A ping has no answer yet. Can go to `quiet`.
        case asked
    }

    /// After how long of silence the server is asked.
    let interval: Duration
    /// How long it has to answer.
    let timeout: Duration
    private var state = State.quiet
    private var heardAt: Duration

    init(interval: Duration, timeout: Duration, now: Duration) {
        self.interval = interval
        self.timeout = timeout
        heardAt = now
    }

    /// Anything came from the server.
    mutating func heard(now: Duration) {
        heardAt = now
        state = .quiet
    }

    /// The time that the last action named has come.
    mutating func timerFired(now: Duration, hasCalls: Bool) -> Action {
        switch state {
        case .asked: return .giveUp
        case .quiet:
            if !hasCalls { return .wait(until: now + interval) }
            if heardAt + interval > now { return .wait(until: heardAt + interval) }
            state = .asked
            return .ping(until: now + timeout)
        }
    }
}
