import Machines

/// Decides when a user logs in: what token a call carries, and when a new one is asked for.
///
/// A token belongs to one connection: etcd's simple tokens are known to the member that gave them,
/// until it restarts. A login costs the server some hundred milliseconds of hashing, so a fleet whose
/// password was changed must not log in at the speed of its calls: after each login comes a pause,
/// after a failed one a pause with full jitter that doubles. Meanwhile the password is not read.
struct TokenMachine: Sendable {
    /// A token that etcd issued for a password.
    struct Token: Equatable, Sendable {
        /// Sent with each call.
        let text: String
        /// Tells it from those before and after it.
        let number: Int
    }

    enum OnTokenWanted: Sendable {
        /// Make the call, with this token; without one when the cluster has no users.
        case use(Token?)
        /// Log in now, then ask again.
        case authenticate
        /// Somebody logs in: ask again when that is done.
        case wait
        /// Too early for another login: ask again then.
        case pause(until: Duration)
        /// Too early for another login, and the last one failed: so does the call.
        case refuse(EtcdError)
    }

    private enum State: Sendable {
        /// Can go to `asking`.
        case none
        /// A login is under way. Can go to `held`, `notNeeded` and `failed`.
        case asking
        /// Can go to `none`, when etcd refuses it.
        case held(Token)
        /// The cluster has no users. Can go to `none`, when it gets some.
        case notNeeded
        /// The last login failed. Can go to `asking`.
        case failed(EtcdError)
    }

    /// The least time between two logins; half as much again, by chance, is added.
    static let pause = Duration.seconds(2)
    /// The pauses after logins that etcd refused.
    static let afterRefusal = Backoff.Policy(base: .seconds(4), cap: .seconds(30))

    private var state = State.none
    private var connection = 0
    private var tokens = 0
    private var notBefore = Duration.zero
    private var backoff: Backoff
    private var generator: SeededGenerator

    init(generator: SeededGenerator) {
        var generator = generator
        backoff = Backoff(Self.afterRefusal, generator: generator.split())
        self.generator = generator
    }

    /// A call is about to be made on a connection; the higher its number, the newer it is.
    mutating func tokenWanted(on connection: Int, at now: Duration) -> OnTokenWanted {
        guard connection >= self.connection else { return .refuse(Self.ended) }
        if connection > self.connection {
            self.connection = connection
            // A refusal holds: it was about the password and not about the connection.
            if case .failed = state {} else { state = .none }
        }
        switch state {
        case .held(let token): return .use(token)
        case .notNeeded: return .use(nil)
        case .asking: return .wait
        case .failed(let error) where now < notBefore && Self.isRefusal(error):
            return .refuse(error)
        case .none, .failed:
            guard now >= notBefore else { return .pause(until: notBefore) }
            state = .asking
            notBefore = now + Self.pause * Double.random(in: 1...1.5, using: &generator)
            return .authenticate
        }
    }

    /// etcd gave a token.
    mutating func authenticated(_ text: String, on connection: Int) {
        guard connection == self.connection else { return }
        tokens += 1
        state = .held(Token(text: text, number: tokens))
        backoff.reset()
    }

    /// etcd has no users, so there is nothing to log in to.
    mutating func usersAreOff(on connection: Int) {
        guard connection == self.connection else { return }
        state = .notNeeded
        backoff.reset()
    }

    /// etcd refused the login or did not answer, or there is no password to send.
    mutating func authenticationFailed(_ error: EtcdError, on connection: Int, at now: Duration) {
        if Self.isRefusal(error) { notBefore = max(notBefore, now + backoff.next()) }
        guard connection == self.connection else { return }
        state = .failed(error)
    }

    /// A call that carried a token, or none, was refused for it.
    mutating func tokenRefused(_ token: Token?) {
        switch state {
        case .held(let held) where held == token: state = .none
        case .notNeeded where token == nil: state = .none
        default: return
        }
    }

    /// The error of the last login, if it failed.
    var failure: EtcdError? {
        if case .failed(let error) = state { error } else { nil }
    }

    /// Whether it was about the user, and not about the way to the server.
    private static func isRefusal(_ error: EtcdError) -> Bool {
        switch error.code {
        case .unavailable, .deadlineExceeded, .cancelled, .notRunning: false
        default: true
        }
    }

    private static let ended = EtcdError(.unavailable, "the connection has ended")
}
