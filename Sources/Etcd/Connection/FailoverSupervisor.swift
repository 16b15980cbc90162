import Certificates
import EtcdAPI
import Machines
import Synchronization
import Texts

/// Keeps one connection to one member that answers, and moves on when it does not.
///
/// grpc-swift's own balancing is not used: it hangs for ever on a member that accepts TCP and says
/// nothing, and with several addresses it tries only the first.
final class FailoverSupervisor: Sendable {
    private enum State {
        /// Before `run`, and while no member answers. Can go to `connected` and `stopped`.
        case connecting(waiters: [Int: CheckedContinuation<MemberConnection, any Error>])
        /// One member serves all calls. Can go to `connecting` and `stopped`.
        case connected(MemberConnection)
        /// `run` has ended. This state is terminal.
        case stopped
    }

    private struct Shared {
        var state = State.connecting(waiters: [:])
        var nextWaiter = 0
        /// When it is our turn to ask for much, and when it is if that is urgent.
        var turn = Duration.zero
        var urgentTurn = Duration.zero
        var lastFailure: EtcdError?
        /// Which authorities were last said to be left out.
        var leftOut: String?
    }

    private let configuration: EtcdClient.Configuration
    private let observe: @Sendable (ConnectionEvent) -> Void
    private let shared = Mutex(Shared())
    private let timeline = Timeline()

    init(
        _ configuration: EtcdClient.Configuration,
        observe: @escaping @Sendable (ConnectionEvent) -> Void
    ) {
        self.configuration = configuration
        self.observe = observe
    }

    // MARK: for calls

    /// The connection in use, waiting for one when there is none.
    ///
    /// - Parameters:
    ///   - limit: How long to wait.
    ///   - number: The one connection that will do, when only one will.
    /// - Throws: ``EtcdError`` `unavailable` after `limit`, with the last attempt's failure, and at once
    ///   when the wanted connection has ended; `notRunning` when ``run()`` has ended; `cancelled`.
    func connection(
        within limit: Duration,
        number: Int? = nil
    ) async throws(EtcdError) -> MemberConnection {
        if let number {
            guard let current = try connected(), current.number == number else {
                throw EtcdError(.unavailable, "the connection that this continues has ended")
            }
            return current
        }
        if let ready = try connected() { return ready }
        do {
            if let connection = try await Machines.within(
                limit,
                { try await self.nextConnection() }
            ) {
                return connection
            }
        } catch let error as EtcdError {
            throw error
        } catch {
            throw EtcdError(.cancelled, "the wait for a connection was cancelled", cause: error)
        }
        throw nobodyAnswered(limit)
    }

    /// Waits until it is this host's turn to ask for what costs the cluster much, which after an absence
    /// of the whole cluster is not at once: see ``FailoverMachine``.
    ///
    /// - Parameter isUrgent: Whether the turn comes within a second.
    /// - Throws: ``EtcdError`` as ``connection(within:number:)``; `cancelled`.
    func turn(within limit: Duration, isUrgent: Bool) async throws(EtcdError) {
        _ = try await connection(within: limit)
        do {
            try await timeline.sleep(
                until: shared.withLock { isUrgent ? $0.urgentTurn : $0.turn }
            )
        } catch {
            throw EtcdError(.cancelled, "the wait for this host's turn was cancelled", cause: error)
        }
    }

    /// Says that a call on `connection` had no answer in time, or a broken one. A member that does
    /// not answer a question now is left; one that does is kept.
    func suspect(_ connection: MemberConnection) async {
        guard isCurrent(connection) else { return }
        do {
            _ = try await connection.probe(within: configuration.attemptTimeout)
        } catch {
            guard !Task.isCancelled else { return }
            connection.abandon(because: error.message)
        }
    }

    /// ``suspect(_:)`` for whichever connection is in use.
    func suspectCurrent() async {
        let state = shared.withLock { $0.state }
        if case .connected(let connection) = state { await suspect(connection) }
    }

    // MARK: running

    /// Connects, and connects again, until the task is cancelled.
    func run() async {
        var machine = FailoverMachine(
            endpoints: configuration.endpoints,
            order: configuration.order,
            first: Int(configuration.seed % 4096),
            reconnect: configuration.reconnect,
            limits: FailoverMachine.Limits(configuration),
            generator: SeededGenerator(seed: configuration.seed)
        )
        while !Task.isCancelled {
            let endpoint = machine.endpoint
            let limit = machine.attemptBegan(at: timeline.now)
            let next: FailoverMachine.OnFailure
            switch await serve(
                endpoint,
                within: limit,
                { [timeline] in machine.connected(at: timeline.now) }
            ) {
            case .lost(let reason, let age):
                observe(.lost(endpoint, reason: reason))
                next = machine.connectionLost(age: age, at: timeline.now)
            case .failed(let error):
                shared.withLock { $0.lastFailure = error }
                observe(.attemptFailed(endpoint, error))
                next = machine.attemptFailed(at: timeline.now)
            case .cancelled:
                continue
            }
            if case .wait(let delay, _) = next {
                observe(.allFailed(retryIn: delay))
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: delay)
            }
        }
        stop()
    }

    private enum Serving {
        case lost(reason: String, age: Duration)
        case failed(EtcdError)
        case cancelled
    }

    /// One connection's life: made, probed, used, lost.
    ///
    /// - Parameters:
    ///   - limit: How long it may take until it serves.
    ///   - connected: Told that it serves; says how long to wait for our turn.
    private func serve(
        _ endpoint: EtcdEndpoint,
        within limit: Duration,
        _ connected: () -> Duration
    ) async -> Serving {
        let connection: MemberConnection
        do {
            connection = try await MemberConnection(
                to: endpoint,
                within: limit,
                configuration: configuration
            )
        } catch {
            return .failed(error)
        }
        noteLeftOut(connection.material, endpoint)
        return await withTaskGroup { group in
            group.addTask { await connection.run() }
            defer { group.cancelAll() }
            do throws(EtcdError) {
                let status = try await connection.probe(within: limit)
                let wait = connected()
                let now = timeline.now
                // In the same order, so that not all come at the end of the second.
                let share = configuration.spread > .zero ? wait / configuration.spread : 0
                shared.withLock { shared in
                    shared.turn = now + wait
                    shared.urgentTurn = now + min(wait, .seconds(1) * share)
                }
                use(connection)
                observe(.connected(endpoint, serverVersion: status.version))
            } catch {
                return Task.isCancelled ? .cancelled : .failed(error)
            }
            group.addTask { await self.watchFiles(of: connection) }
            let since = ContinuousClock.now
            let reason = await connection.ended()
            withdraw()
            return reason.map { .lost(reason: $0, age: since.duration(to: .now)) } ?? .cancelled
        }
    }

    /// Looks at the files that the connection's TLS was made of, and leaves it when they have changed and
    /// a new connection can be made with them. A fleet whose files were replaced by wrong ones goes on.
    private func watchFiles(of connection: MemberConnection) async {
        guard let material = connection.material else { return }
        var machine = TLSFilesMachine(
            inUse: material.files,
            validity: material.validity,
            interval: configuration.filesInterval,
            generator: SeededGenerator(
                seed: configuration.seed &+ UInt64(truncatingIfNeeded: connection.number)
            )
        )
        while !Task.isCancelled {
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: machine.nextLook(now: CertificateValidity.now))
            guard !Task.isCancelled else { return }
            let now = CertificateValidity.now
            var action: TLSFilesMachine.OnLook
            do throws(EtcdError) {
                let files = try await TLSMaterial.read(
                    configuration,
                    within: configuration.attemptTimeout
                )
                noteLeftOut(files, connection.endpoint)
                action = machine.filesRead(files.files, now: now)
                if action == .tryNew {
                    try await tryNew(connection.endpoint)
                    connection.abandon(because: "the TLS files have changed")
                    return
                }
                if action == .tryOut {
                    do throws(EtcdError) {
                        try await tryNew(connection.endpoint)
                        action = machine.triedOut(now: now)
                    } catch {
                        guard !Task.isCancelled else { return }
                        action = machine.trialFailed(error.message, now: now)
                    }
                }
            } catch {
                guard !Task.isCancelled else { return }
                action = machine.filesUnusable(error.message)
            }
            if case .say(let sentence) = action {
                observe(.filesNeedCare(connection.endpoint, sentence))
            }
        }
    }

    /// Says which authorities are left out, once for each change, whichever connection shows it.
    private func noteLeftOut(_ material: TLSMaterial?, _ endpoint: EtcdEndpoint) {
        guard let material else { return }
        let leftOut = material.leftOut
        let isNews = shared.withLock { shared in
            defer { shared.leftOut = leftOut }
            return shared.leftOut != leftOut
        }
        if isNews, let leftOut { observe(.filesNeedCare(endpoint, leftOut)) }
    }

    /// Makes a second connection, asks the member over it, and lets it go. A handshake alone would not do:
    /// with TLS 1.3 a server refuses our certificate only afterwards.
    private func tryNew(_ endpoint: EtcdEndpoint) async throws(EtcdError) {
        let limit = configuration.attemptTimeout
        _ = try await ask(endpoint) { trial throws(EtcdError) in
            try await trial.probe(within: limit)
        }
    }

    /// Asks an endpoint which cluster it belongs to, over a connection of its own that ends with the answer.
    ///
    /// - Returns: `nil` when the member tells nobody who has not logged in.
    /// - Throws: ``EtcdError`` when it does not answer within the attempt timeout.
    func cluster(at endpoint: EtcdEndpoint) async throws(EtcdError) -> EtcdClusterID? {
        let limit = configuration.attemptTimeout
        return try await ask(endpoint) { trial throws(EtcdError) in
            try await trial.cluster(within: limit)
        }
    }

    private func ask<Answer: Sendable>(
        _ endpoint: EtcdEndpoint,
        _ question: (MemberConnection) async throws(EtcdError) -> Answer
    ) async throws(EtcdError) -> Answer {
        let trial = try await MemberConnection(
            to: endpoint,
            within: configuration.attemptTimeout,
            configuration: configuration
        )
        let result: Result<Answer, EtcdError> = await withTaskGroup { group in
            group.addTask { await trial.run() }
            defer { group.cancelAll() }
            do throws(EtcdError) {
                return .success(try await question(trial))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    // MARK: state

    private func connected() throws(EtcdError) -> MemberConnection? {
        let state = shared.withLock { $0.state }
        switch state {
        case .connected(let connection): return connection
        case .connecting: return nil
        case .stopped: throw EtcdError.notRunning
        }
    }

    private func isCurrent(_ connection: MemberConnection) -> Bool {
        shared.withLock { shared in
            if case .connected(let current) = shared.state { current === connection } else { false }
        }
    }

    private func nextConnection() async throws -> MemberConnection {
        let id = shared.withLock { shared in
            shared.nextWaiter += 1
            return shared.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enqueue($0, as: id) }
        } onCancel: {
            dequeue(id)?.resume(throwing: CancellationError())
        }
    }

    private func enqueue(_ waiter: CheckedContinuation<MemberConnection, any Error>, as id: Int) {
        let result: Result<MemberConnection, any Error>? = shared.withLock { shared in
            switch shared.state {
            case .connected(let connection): return .success(connection)
            case .stopped: return .failure(EtcdError.notRunning)
            case .connecting(var waiters):
                // Seen here and not only in the handler: that may have run before this.
                if Task.isCancelled { return .failure(CancellationError()) }
                waiters[id] = waiter
                shared.state = .connecting(waiters: waiters)
                return nil
            }
        }
        if let result { waiter.resume(with: result) }
    }

    private func dequeue(_ id: Int) -> CheckedContinuation<MemberConnection, any Error>? {
        shared.withLock { shared in
            guard case .connecting(var waiters) = shared.state else { return nil }
            let waiter = waiters.removeValue(forKey: id)
            shared.state = .connecting(waiters: waiters)
            return waiter
        }
    }

    private func use(_ connection: MemberConnection) {
        for waiter in change(to: .connected(connection)) { waiter.resume(returning: connection) }
    }

    private func withdraw() {
        _ = change(to: .connecting(waiters: [:]))
    }

    private func stop() {
        for waiter in change(to: .stopped) { waiter.resume(throwing: EtcdError.notRunning) }
    }

    /// - Returns: Those who had been waiting, to be told outside of the lock.
    private func change(to state: State) -> [CheckedContinuation<MemberConnection, any Error>] {
        shared.withLock { shared in
            defer { shared.state = state }
            guard case .connecting(let waiters) = shared.state else { return [] }
            return Array(waiters.values)
        }
    }

    private func nobodyAnswered(_ limit: Duration) -> EtcdError {
        let last = shared.withLock { $0.lastFailure }
        let names = configuration.endpoints.map(\.description).joined(separator: ", ")
        guard let last else {
            return EtcdError(
                .unavailable,
                "no answer from \(names) within \(limit.text); is the client's run() running?"
            )
        }
        return EtcdError(
            .unavailable,
            "no etcd answered within \(limit.text) at \(names); is it running there? "
                + "The last attempt: \(last.message)",
            cause: last
        )
    }
}
