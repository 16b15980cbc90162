import Certificates
import EtcdAPI
import Machines
import Network
import Synchronization
import Texts

/// Keeps one connection to one member that answers, and moves on when it does not: runs a ``FailoverMachine``.
final class FailoverSupervisor: Sendable {
    private let configuration: EtcdClient.Configuration
    private let observe: @Sendable (ConnectionEvent) -> Void
    private let timeline: Timeline
    private let driver: MachineDriver<FailoverMachine>
    private let inUse = ConnectionInUse()
    /// One for all attempts: a lookup that hangs is joined by the next, not made again.
    private let names: NameLookup
    /// Why the last attempt failed, for those who wait in vain.
    private let lastFailure = Mutex<EtcdError?>(nil)
    /// Which authorities were last reported to be left out.
    private let lastLeftOut = Mutex<String?>(nil)

    init(
        _ configuration: EtcdClient.Configuration,
        timeline: Timeline,
        observe: @escaping @Sendable (ConnectionEvent) -> Void
    ) {
        self.configuration = configuration
        names = NameLookup(threads: configuration.threads)
        self.timeline = timeline
        self.observe = observe
        let machine = FailoverMachine(
            endpoints: configuration.endpoints,
            order: configuration.order,
            first: Int(configuration.seed % 4096),
            reconnect: configuration.reconnect,
            limits: FailoverMachine.Limits(configuration),
            generator: SeededGenerator(seed: configuration.seed)
        )
        driver = MachineDriver(machine, timeline: timeline)
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
            guard let current = try inUse.current(), current.number == number else {
                throw EtcdError(.unavailable, "the connection that this continues has ended")
            }
            return current
        }
        if let ready = try inUse.current() { return ready }
        do {
            if let connection = try await Machines.within(
                limit,
                on: timeline,
                { try await self.inUse.next() }
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
    func waitForTurn(within limit: Duration, isUrgent: Bool) async throws(EtcdError) {
        _ = try await connection(within: limit)
        do {
            try await timeline.sleep(until: driver.read { isUrgent ? $0.urgentTurn : $0.turn })
        } catch {
            throw EtcdError(.cancelled, "the wait for this host's turn was cancelled", cause: error)
        }
    }

    /// Says that a call on `connection` had no answer in time, or a broken one. A member that does
    /// not answer a question now is left; one that does is kept.
    func suspect(_ connection: MemberConnection) async {
        guard inUse.isCurrent(connection) else { return }
        do {
            _ = try await connection.probe(within: configuration.attemptTimeout)
        } catch {
            guard !Task.isCancelled else { return }
            connection.abandon(because: error.message)
        }
    }

    /// ``suspect(_:)`` for whichever connection is in use.
    func suspectCurrent() async {
        // Stopped: there is nothing to suspect.
        if let connection = (try? inUse.current()) ?? nil { await suspect(connection) }
    }

    // MARK: running

    /// Connects, and connects again, until the task is cancelled. Call it once.
    func run() async {
        driver.happened { machine, now in machine.started(at: now) }
        await driver.run { [self] action in
            switch action {
            case .attempt(let endpoint, let limit):
                return { [self] in await attempt(endpoint, within: limit) }
            case .reportAllFailed(let delay): observe(.allFailed(retryIn: delay))
            }
            return nil
        }
        inUse.stop()
    }

    /// How the life of one connection ended.
    private enum Ending {
        case lost(reason: String)
        case failed(EtcdError)
        case cancelled
    }

    private func attempt(_ endpoint: EtcdEndpoint, within limit: Duration) async {
        switch await serve(endpoint, within: limit) {
        case .lost(let reason):
            observe(.lost(endpoint, reason: reason))
            driver.happened { machine, now in machine.connectionLost(at: now) }
        case .failed(let error):
            lastFailure.withLock { $0 = error }
            observe(.attemptFailed(endpoint, error))
            driver.happened { machine, now in machine.attemptFailed(at: now) }
        case .cancelled: break
        }
    }

    /// One connection's life: made, probed, used, lost.
    ///
    /// - Parameter limit: How long it may take until it serves.
    private func serve(_ endpoint: EtcdEndpoint, within limit: Duration) async -> Ending {
        let deadline = timeline.now + limit
        let connection: MemberConnection
        do {
            connection = try await MemberConnection(
                to: endpoint,
                within: limit,
                configuration: configuration,
                names: names
            )
        } catch {
            return Task.isCancelled ? .cancelled : .failed(error)
        }
        reportLeftOut(connection.material, endpoint)
        return await withTaskGroup { group in
            group.addTask { await connection.run() }
            defer { group.cancelAll() }
            do throws(EtcdError) {
                let left = max(deadline - timeline.now, .milliseconds(50))
                let status = try await connection.probe(within: left)
                // First: whoever gets the connection may wait for the turn that comes with it.
                driver.happened { machine, now in machine.connected(at: now) }
                inUse.use(connection)
                observe(.connected(endpoint, serverVersion: status.version))
            } catch {
                return Task.isCancelled ? .cancelled : .failed(error)
            }
            group.addTask { [self] in await filesWatch(of: connection).run() }
            let reason = await connection.ended()
            inUse.withdraw()
            if let reason { return .lost(reason: reason) }
            return Task.isCancelled ? .cancelled : .lost(reason: "the connection ended")
        }
    }

    private func filesWatch(of connection: MemberConnection) -> TLSFilesWatch {
        let endpoint = connection.endpoint
        return TLSFilesWatch(
            connection: connection,
            configuration: configuration,
            timeline: timeline,
            tryNew: { [self] () async throws(EtcdError) in try await tryNew(endpoint) },
            read: { [self] material in reportLeftOut(material, endpoint) },
            report: { [observe] sentence in observe(.filesNeedCare(endpoint, sentence)) }
        )
    }

    /// Reports which authorities are left out, once for each change, whichever connection shows it.
    private func reportLeftOut(_ material: TLSMaterial?, _ endpoint: EtcdEndpoint) {
        guard let material else { return }
        let leftOut = material.leftOut
        let isNews = lastLeftOut.withLock { last in
            defer { last = leftOut }
            return last != leftOut
        }
        if isNews, let leftOut { observe(.filesNeedCare(endpoint, leftOut)) }
    }

    // MARK: asking over another connection

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
            configuration: configuration,
            names: names
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

    private func nobodyAnswered(_ limit: Duration) -> EtcdError {
        let last = lastFailure.withLock { $0 }
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
