import EtcdAPI
import Files
import GRPCCore
import Machines
import Synchronization

/// Logs a user in, once for all who wait for it, as ``TokenMachine`` decides.
final class Authenticator: Sendable {
    private struct Shared {
        var machine: TokenMachine
        var waiting: [AsyncStream<Never>.Continuation] = []
    }

    private let credentials: EtcdClient.Credentials
    private let limit: Duration
    private let threads: BlockingThreads
    private let timeline: Timeline
    private let shared: Mutex<Shared>

    /// - Parameters:
    ///   - limit: How long a login may take.
    ///   - threads: Has a thread for the password's file.
    init(
        _ credentials: EtcdClient.Credentials,
        limit: Duration,
        threads: BlockingThreads,
        generator: SeededGenerator,
        timeline: Timeline
    ) {
        self.credentials = credentials
        self.limit = limit
        self.threads = threads
        self.timeline = timeline
        shared = Mutex(Shared(machine: TokenMachine(generator: generator)))
    }

    /// Makes sure that calls on `connection` carry a token that is not known to be bad. It may take a
    /// pause between two logins and a login, about 8 s in all.
    ///
    /// - Parameter run: Has the login run by somebody who outlives this caller: others may wait for it.
    /// - Returns: The token; `nil` when the cluster has no users.
    /// - Throws: ``EtcdError``: why there is no token, or `cancelled`.
    func token(
        on connection: MemberConnection,
        run: (_ login: @escaping @Sendable () async -> Void) throws(EtcdError) -> Void
    ) async throws(EtcdError) -> TokenMachine.Token? {
        while true {
            let (action, done) = next(on: connection.number)
            switch action {
            case .use(let token): return token
            case .refuse(let error): throw error
            // Cancelled: the loop says so below.
            case .pause(let instant): try? await timeline.sleep(until: instant)
            case .authenticate:
                do throws(EtcdError) {
                    try run { await self.logIn(on: connection) }
                } catch {
                    ended(.failure(error), on: connection)
                    throw error
                }
                try await login(done)
            case .wait: try await login(done)
            }
            if Task.isCancelled {
                throw EtcdError(.cancelled, "the wait for a login was cancelled")
            }
        }
    }

    /// A call that carried `token` was refused for it.
    func tokenRefused(_ token: TokenMachine.Token?) {
        shared.withLock { $0.machine.tokenRefused(token) }
    }

    /// What to do, and a stream that ends with the login to wait for, if that is it.
    private func next(on connection: Int) -> (TokenMachine.OnTokenWanted, AsyncStream<Never>) {
        // Nothing is ever in it: it only ends.
        let (done, waiter) = AsyncStream.makeStream(
            of: Never.self,
            bufferingPolicy: .bufferingOldest(1)
        )
        let action = shared.withLock { shared in
            let action = shared.machine.tokenWanted(on: connection, at: timeline.now)
            switch action {
            case .authenticate, .wait: shared.waiting.append(waiter)
            default: break
            }
            return action
        }
        return (action, done)
    }

    /// Waits for the end of a login.
    ///
    /// - Throws: Why it failed.
    private func login(_ done: AsyncStream<Never>) async throws(EtcdError) {
        // The login has a limit of its own; this one is for a client that stops before it begins.
        let isDone: Void? = try? await Machines.within(limit * 2, on: timeline) {
            for await _ in done {}
        }
        if let failure = shared.withLock({ $0.machine.failure }) { throw failure }
        if isDone == nil, !Task.isCancelled {
            throw EtcdError(.deadlineExceeded, "no answer in time", method: Self.method)
        }
    }

    private func logIn(on connection: MemberConnection) async {
        do throws(EtcdError) {
            ended(.success(try await authenticate(on: connection)), on: connection)
        } catch {
            ended(.failure(error), on: connection)
        }
    }

    private func ended(_ outcome: Result<String?, EtcdError>, on connection: MemberConnection) {
        if case .success(let token) = outcome { connection.carrier.carry(token) }
        let waiting = shared.withLock { shared in
            switch outcome {
            case .success(let token?):
                shared.machine.authenticated(token, on: connection.number)
            case .success(nil): shared.machine.usersAreOff(on: connection.number)
            case .failure(let error):
                shared.machine.authenticationFailed(
                    error,
                    on: connection.number,
                    at: timeline.now
                )
            }
            defer { shared.waiting = [] }
            return shared.waiting
        }
        for waiter in waiting { waiter.finish() }
    }

    /// - Returns: The token; `nil` when the cluster has no users.
    private func authenticate(on connection: MemberConnection) async throws(EtcdError) -> String? {
        var request = Etcdserverpb_AuthenticateRequest()
        request.name = credentials.username
        request.password = try await threads.read("password_file", within: limit) {
            [credentials] () throws(EtcdError) in
            try credentials.password()
        }
        var options = CallOptions.defaults
        options.timeout = limit
        do {
            return try await Etcdserverpb_Auth.Client(wrapping: connection.grpc)
                .authenticate(request, options: options).token
        } catch {
            let error = EtcdError(
                rpc: error,
                method: Self.method,
                endpoint: connection.endpoint
            )
            if error.saysThatUsersAreOff { return nil }
            throw error.asLogin(of: credentials.username)
        }
    }

    private static let method = "Auth.Authenticate"
}
