import EtcdAPI
import GRPCCore
import GRPCTransport

extension EtcdClient {
    typealias GRPC = GRPCClient<GRPCConnection>

    /// One question, one answer, on the connection in use.
    ///
    /// - Parameters:
    ///   - method: As in etcd's API, for errors.
    ///   - timeout: For the answer; the request timeout by default.
    ///   - number: The connection that has to carry it; any when `nil`.
    ///   - ask: Makes the call.
    func call<Answer: Sendable>(
        _ method: String,
        timeout: Duration? = nil,
        on number: Int? = nil,
        _ ask: (GRPC, CallOptions) async throws -> Answer
    ) async throws(EtcdError) -> Answer {
        let connection = try await supervisor.connection(
            within: configuration.dialTimeout,
            number: number
        )
        var options = streamOptions
        options.timeout = timeout ?? configuration.requestTimeout
        let token = try await token(on: connection)
        do throws(EtcdError) {
            return try await answer(method, on: connection, options, ask)
        } catch {
            guard let authenticator, error.mayBeAboutToken(isWatch: false) else { throw error }
            authenticator.tokenRefused(token)
        }
        // The call was refused, so it did nothing: once more, with a new token.
        let second = try await self.token(on: connection)
        do throws(EtcdError) {
            return try await answer(method, on: connection, options, ask)
        } catch {
            if error.mayBeAboutToken(isWatch: false) { authenticator?.tokenRefused(second) }
            throw error
        }
    }

    private func answer<Answer: Sendable>(
        _ method: String,
        on connection: MemberConnection,
        _ options: CallOptions,
        _ ask: (GRPC, CallOptions) async throws -> Answer
    ) async throws(EtcdError) -> Answer {
        do {
            return try await ask(connection.grpc, options)
        } catch {
            throw await failed(error, method, on: connection)
        }
    }

    /// Logs in, where there is a user and no token yet.
    private func token(
        on connection: MemberConnection
    ) async throws(EtcdError) -> TokenMachine.Token? {
        guard let authenticator else { return nil }
        return try await authenticator.token(on: connection) { login throws(EtcdError) in
            try start(login)
        }
    }

    /// Questions and answers in both directions, until one side ends it.
    ///
    /// - Parameters:
    ///   - number: The connection that has to carry it; any when `nil`.
    ///   - needsToken: Whether to log in first. A token that is there goes along anyway.
    ///   - talk: Makes the call; returns when it is over.
    func stream(
        _ method: String,
        on number: Int? = nil,
        needsToken: Bool = true,
        _ talk: (GRPC, CallOptions) async throws -> Void
    ) async throws(EtcdError) {
        let connection = try await supervisor.connection(
            within: configuration.dialTimeout,
            number: number
        )
        let token = needsToken ? try await token(on: connection) : nil
        do {
            try await talk(connection.grpc, streamOptions)
        } catch {
            let error = await failed(error, method, on: connection)
            if needsToken, error.mayBeAboutToken(isWatch: true) {
                authenticator?.tokenRefused(token)
            }
            throw error
        }
    }

    private var streamOptions: CallOptions {
        var options = CallOptions.defaults
        options.maxRequestMessageBytes = configuration.maximumMessageBytes
        options.maxResponseMessageBytes = configuration.maximumMessageBytes
        return options
    }

    /// A member that broke off or kept silent is asked whether it is still there.
    private func failed(
        _ error: any Error,
        _ method: String,
        on connection: MemberConnection
    ) async -> EtcdError {
        let error = EtcdError(rpc: error, method: method, endpoint: connection.endpoint)
        if error.code == .unavailable || error.code == .deadlineExceeded {
            await supervisor.suspect(connection)
        }
        return error
    }
}

/// Asks etcd to end a stream when its member is cut off from the leader, instead of keeping it open
/// in silence.
let requireLeader: Metadata = ["hasleader": "true"]
