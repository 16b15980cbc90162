import Machines

/// A client of an etcd v3 cluster: one connection to one member that answers, and another member
/// when it stops answering.
///
/// ```swift
/// try await EtcdClient.withClient(.init(endpoints: [.local])) { client in
///     let put = try await client.put("greeting", "hello")
///     print("written at revision \(put.header.revision)")
/// }
/// ```
///
/// Every call waits for a connection for up to ``Configuration/dialTimeout`` and for its answer for
/// up to ``Configuration/requestTimeout``, and throws ``EtcdError``. Cancelling the caller's task
/// ends a call with ``EtcdError/Code/cancelled``; a change may have been made all the same.
public final class EtcdClient: Sendable {
    package let configuration: Configuration
    let supervisor: FailoverSupervisor
    /// Logs in, where there is a user.
    let authenticator: Authenticator?
    private let streams: AsyncStream<@Sendable () async -> Void>
    private let newStream: AsyncStream<@Sendable () async -> Void>.Continuation

    /// A client that does nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: Where etcd is, and how long to wait for it.
    ///   - observe: Told what happens to the connection; called from any task, must not wait.
    public init(
        _ configuration: Configuration,
        observe: @escaping @Sendable (ConnectionEvent) -> Void = { _ in }
    ) {
        self.configuration = configuration
        let timeline = Timeline()
        supervisor = FailoverSupervisor(configuration, timeline: timeline, observe: observe)
        authenticator = configuration.credentials.map { credentials in
            Authenticator(
                credentials,
                limit: configuration.requestTimeout,
                threads: configuration.threads,
                // Another sequence than that of the reconnecting.
                generator: SeededGenerator(seed: ~configuration.seed),
                timeline: timeline
            )
        }
        (streams, newStream) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(Self.streamsWaiting)
        )
    }

    /// Runs `body` with a client that is running, and stops the client when `body` has ended.
    ///
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws. Nothing is connected yet when `body` begins: the first call
    ///   tells whether etcd is there.
    public static func withClient<Value: Sendable>(
        _ configuration: Configuration,
        _ body: @escaping @Sendable (EtcdClient) async throws -> Value
    ) async throws -> Value {
        let client = EtcdClient(configuration)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            defer { group.cancelAll() }
            return try await body(client)
        }
    }

    /// Connects and carries all calls and streams until the task is cancelled. Call it once, in a
    /// task of its own. After it every call throws ``EtcdError/Code/notRunning``.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.supervisor.run() }
            for await stream in streams {
                group.addTask { await stream() }
            }
            group.cancelAll()
        }
        newStream.finish()
    }

    /// Waits until a member answers.
    ///
    /// - Throws: ``EtcdError`` `unavailable` after the dial timeout, naming what was tried.
    public func connected() async throws(EtcdError) {
        _ = try await supervisor.connection(within: configuration.dialTimeout)
    }

    /// Waits until it is this client's turn to ask for what costs the cluster much; at once, but for
    /// the time after an absence of the whole cluster.
    ///
    /// - Parameter isUrgent: Whether the turn comes within a second: for whoever has nothing to go on with.
    /// - Throws: ``EtcdError`` as ``connected()``; `cancelled`.
    package func waitForTurn(isUrgent: Bool = false) async throws(EtcdError) {
        try await supervisor.waitForTurn(within: configuration.dialTimeout, isUrgent: isUrgent)
    }

    /// Says that a stream had no answer in time. The member is asked a question; if it does not
    /// answer that either, the client moves on to the next one.
    package func suspectConnection() async {
        await supervisor.suspectCurrent()
    }

    /// Has a stream run by ``run()``, beside the others.
    ///
    /// - Throws: ``EtcdError`` when the client has stopped, or when too many streams wait to begin.
    func start(_ stream: @escaping @Sendable () async -> Void) throws(EtcdError) {
        switch newStream.yield(stream) {
        case .enqueued: return
        case .dropped:
            throw EtcdError(
                .resourceExhausted,
                "\(Self.streamsWaiting) watches and keep-alives wait to begin; is run() running?"
            )
        default: throw .notRunning
        }
    }

    private static let streamsWaiting = 1024
}
