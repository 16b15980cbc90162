import EndpointFiles
import Etcd
import HealthChecks
import Logging
import Registry
import ServiceLifecycle
import Systemd
import UnixSignals

/// The daemon: the one place where everybody meets. Rooms are joined by passing values and streams.
struct Daemon: Sendable {
    private let configuration: Configuration
    private let host: HostIdentity
    private let reload: @Sendable () throws(ConfigurationFaults) -> LoadedConfiguration
    private let statusFile: String
    private let state: StateDirectory?
    private let controlSocket: String?
    private let primaryAddress: @Sendable () -> HostAddress?
    private let onList: @Sendable (TableUpdate) -> Void
    private let notifier: Notifier
    private let log: Logger

    /// - Parameters:
    ///   - reload: Reads the configuration again.
    ///   - state: What an earlier run left, and where to leave it for the next; nothing without one.
    ///   - controlSocket: Where commands ask the daemon; nowhere without one.
    ///   - primaryAddress: The host's address, for services that name none.
    ///   - onList: Told each new list, beside the files.
    init(
        _ configuration: Configuration,
        host: HostIdentity,
        reload: @escaping @Sendable () throws(ConfigurationFaults) -> LoadedConfiguration,
        statusFile: String,
        state: StateDirectory? = nil,
        controlSocket: String? = nil,
        primaryAddress: @escaping @Sendable () -> HostAddress? = PrimaryAddress.current,
        onList: @escaping @Sendable (TableUpdate) -> Void = { _ in },
        notifier: Notifier = Notifier(),
        log: Logger
    ) {
        self.configuration = configuration
        self.host = host
        self.reload = reload
        self.statusFile = statusFile
        self.state = state
        self.controlSocket = controlSocket
        self.primaryAddress = primaryAddress
        self.onList = onList
        self.notifier = notifier
        self.log = log
    }

    /// Runs until SIGTERM or SIGINT, or until the task is cancelled.
    ///
    /// Services start in the order of the group and stop in reverse: first systemd is told, then we
    /// leave the registry, then the watch and the writing end, the connection last.
    func run() async throws {
        var generator = SeededGenerator(seed: .random(in: 0...UInt64.max))
        let timeline = Timeline()
        let signal = ChangeSignal()
        let board = StatusBoard(signal: signal)
        let daemonLog = DaemonLog(log)
        let metrics = DaemonMetrics()
        let current = CurrentConfiguration(configuration)

        // Sixty-four changes of connection that nobody has looked at are as good as all of them.
        let (connections, connection) = AsyncStream.makeStream(
            of: ConnectionEvent.self,
            bufferingPolicy: .bufferingNewest(64)
        )
        let client = EtcdClient(EtcdClient.Configuration(configuration.etcd)) {
            connection.yield($0)
        }
        let store = MeasuredStore(EtcdRegistryStore(client), metrics)

        let keeper = LeaseKeeper(state, log: log)
        let registration = registrationSettings
        let session = RegistrationSession(
            store: store,
            settings: registration,
            continuing: state?.lease,
            generator: generator.split(),
            timeline: timeline
        ) { report in
            daemonLog.registration(report)
            metrics.registration(report)
            keeper.reported(report, registration)
            signal.raise()
        }
        let performer = ActionPerformer(log: log)
        let reloader = Reloader(
            place: host.place,
            generator: generator.split(),
            timeline: timeline,
            perform: performer.perform
        ) { report in
            daemonLog.reload(report)
            metrics.reload(report)
            signal.raise()
        }
        reloader.setActions(configuration.reloads)
        let drains = DrainBoard(
            session: session,
            directory: state,
            timeline: timeline,
            signal: signal,
            log: log
        )
        let reloads = ReloadDesk()
        let publisher = EndpointPublisher(
            prefix: configuration.etcd.prefix,
            generator: generator.split(),
            timeline: timeline,
            programs: ProgramRunner(performer.content)
        ) { report in
            daemonLog.publish(report)
            if case .written(let path, _, _) = report { reloader.fileReplaced(path) }
            metrics.publish(report)
            signal.raise()
        }
        publisher.setOutputs(configuration.outputs.map(EndpointOutput.init))
        let archive = archive(generator: generator.split(), timeline: timeline)
        let watcher = EndpointWatcher(
            store: store,
            settings: watchSettings,
            generator: generator.split(),
            timeline: timeline,
            listeners: .init(
                table: { [onList] update in
                    publisher.publish(update)
                    archive.publish(update)
                    board.listChanged(to: update)
                    onList(update)
                },
                keys: { session.keysHeard($0) },
                reports: { report in
                    daemonLog.watch(report)
                    metrics.watch(report)
                    board.watchReported(report)
                }
            )
        )
        // Of a thousand changes of health that nobody has looked at the newest are enough: what is
        // registered is read from the verdicts, not from the reports.
        let (healthReports, healthReport) = AsyncStream.makeStream(
            of: HealthReport.self,
            bufferingPolicy: .bufferingNewest(1024)
        )
        let monitor = HealthMonitor(
            generator: generator.split(),
            timeline: timeline,
            observe: { healthReport.yield($0) }
        )
        let follower = UnitFollower(monitor, log: log)
        let registrar = Registrar(
            services: configuration.services,
            isContinuing: state?.lease != nil,
            session: session,
            monitor: monitor,
            follower: follower,
            board: board,
            hostname: host.name,
            primaryAddress: primaryAddress,
            log: log
        )
        let teller = Teller(
            board: board,
            session: session,
            publisher: publisher,
            reloader: reloader,
            outputs: { current.value.outputs.map(\.path) },
            lastList: { [state, configuration] in state?.lastList(of: configuration.etcd.prefix) },
            start: configuration.start,
            notifier: notifier,
            signal: signal,
            statusFile: statusFile,
            log: log
        )

        var services: [any Service] = [
            keeper,
            Running { await client.run() },
            Running {
                for await event in connections {
                    daemonLog.connection(event)
                    metrics.connection(event)
                    board.connectionChanged(event)
                    guard case .connected = event else { continue }
                    session.storeReconnected()
                    watcher.storeReconnected()
                }
            },
            Running { await reloader.run() },
            Running { await publisher.run() },
            Running { await archive.run() },
            Running { await watcher.run() },
        ]
        // Stops after what leaves the registry, so that it answers while that drains.
        if let controlSocket {
            let history = ServiceHistory(session: session, signal: signal)
            let desk = ControlDesk(
                configuration: current,
                board: board,
                session: session,
                publisher: publisher,
                reloader: reloader,
                drains: drains,
                history: history,
                reloads: reloads,
                signal: signal
            )
            services.append(history)
            services.append(
                ControlServer(
                    path: controlSocket,
                    answer: { await desk.answer($0) },
                    generator: generator.split(),
                    log: log
                )
            )
        }
        services += [
            Leaving(
                session: session,
                lease: configuration.lease,
                keeper: keeper,
                ownJob: { () async throws(SystemdError) in try await ServiceManager().ownJob() },
                notifier: notifier,
                log: log
            ),
            drains,
            registrar,
            follower,
            Running { await monitor.run() },
            Running {
                for await report in healthReports {
                    daemonLog.health(report)
                    metrics.health(report)
                    registrar.healthReported(report)
                }
            },
            ReloadService(
                configuration: current,
                reload: reload,
                registrar: registrar,
                publisher: publisher,
                reloader: reloader,
                watcher: watcher,
                board: board,
                teller: teller,
                desk: reloads,
                log: log
            ),
        ]
        let loops: [WatchdogService.Loop] = [
            .init(name: "watch", laps: { watcher.laps }, poke: watcher.poke),
            .init(name: "registration", laps: { session.laps }, poke: session.poke),
            .init(name: "health", laps: { monitor.laps }, poke: monitor.poke),
            .init(name: "files", laps: { publisher.laps }, poke: publisher.poke),
            .init(name: "reloads", laps: { reloader.laps }, poke: reloader.poke),
            .init(name: "status", laps: { teller.laps }, poke: signal.raise),
        ]
        if let listen = configuration.metrics.listen {
            let pages = DaemonPages(
                metrics: metrics,
                configuration: current,
                board: board,
                session: session,
                publisher: publisher,
                reloader: reloader,
                watcher: watcher,
                teller: teller,
                loops: LoopCheck(loops: loops)
            )
            // Before all that it tells of, so that it stops after them.
            services.insert(
                MetricsService(
                    address: listen,
                    pages: pages,
                    generator: generator.split(),
                    log: log
                ),
                at: 1
            )
        }
        if let interval = Watchdog.interval() {
            services.append(
                WatchdogService(
                    interval: interval,
                    loops: loops,
                    notifier: notifier,
                    log: log
                )
            )
        }
        services.append(teller)
        try await ServiceGroup(configuration: groupConfiguration(services)).run()
    }

    private var watchSettings: WatchMachine.Settings {
        var settings = WatchMachine.Settings(prefix: configuration.etcd.prefix)
        settings.ttl = configuration.lease.ttl
        settings.lossHold = configuration.longestHold
        return settings
    }

    /// Keeps the list for a start without etcd: what the store has, not too often.
    private func archive(generator: SeededGenerator, timeline: Timeline) -> EndpointPublisher {
        let archive = EndpointPublisher(
            prefix: configuration.etcd.prefix,
            generator: generator,
            timeline: timeline
        ) { [log] report in
            guard case .failed(let error, _) = report else { return }
            log.warning("the list is not kept for a start without etcd: \(error)")
        }
        guard let state else { return archive }
        var output = EndpointOutput(path: state.listPath, mode: 0o600)
        output.hold = .zero
        output.wait = OutputWait(min: .seconds(2), max: .seconds(30))
        archive.setOutputs([output])
        return archive
    }

    private var registrationSettings: RegistrationMachine.Settings {
        var settings = RegistrationMachine.Settings(
            prefix: configuration.etcd.prefix,
            owner: host.owner
        )
        settings.ttl = configuration.lease.ttl
        return settings
    }

    private func groupConfiguration(_ services: [any Service]) -> ServiceGroupConfiguration {
        var groupLog = log
        // The group tells of each service's start and stop; our own lines say what it means.
        groupLog.logLevel = max(log.logLevel, .error)
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: groupLog
        )
        // The leave takes 2 s at most after the drain, everything else ends at once.
        group.maximumGracefulShutdownDuration = configuration.lease.drain + .seconds(8)
        return group
    }
}

/// A loop that ends when the daemon stops.
private struct Running: Service {
    private let loop: @Sendable () async -> Void

    init(_ loop: @escaping @Sendable () async -> Void) {
        self.loop = loop
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await loop() }
    }
}
