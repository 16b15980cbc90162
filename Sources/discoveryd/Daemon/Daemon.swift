import EndpointFiles
import Etcd
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
    private let primaryAddress: @Sendable () -> HostAddress?
    private let onList: @Sendable (TableUpdate) -> Void
    private let notifier: Notifier
    private let log: Logger

    /// - Parameters:
    ///   - reload: Reads the configuration again.
    ///   - primaryAddress: The host's address, for services that name none.
    ///   - onList: Told each new list, beside the files.
    init(
        _ configuration: Configuration,
        host: HostIdentity,
        reload: @escaping @Sendable () throws(ConfigurationFaults) -> LoadedConfiguration,
        statusFile: String,
        primaryAddress: @escaping @Sendable () -> HostAddress? = PrimaryAddress.current,
        onList: @escaping @Sendable (TableUpdate) -> Void = { _ in },
        notifier: Notifier = Notifier(),
        log: Logger
    ) {
        self.configuration = configuration
        self.host = host
        self.reload = reload
        self.statusFile = statusFile
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
        let current = CurrentConfiguration(configuration)

        // Sixty-four changes of connection that nobody has looked at are as good as all of them.
        let (connections, connection) = AsyncStream.makeStream(
            of: ConnectionEvent.self,
            bufferingPolicy: .bufferingNewest(64)
        )
        let client = EtcdClient(EtcdClient.Configuration(configuration.etcd)) {
            connection.yield($0)
        }
        let store = EtcdRegistryStore(client)

        let session = RegistrationSession(
            store: store,
            settings: registrationSettings,
            generator: generator.split(),
            timeline: timeline
        ) { report in
            daemonLog.registration(report)
            signal.raise()
        }
        let publisher = EndpointPublisher(
            prefix: configuration.etcd.prefix,
            generator: generator.split(),
            timeline: timeline
        ) { report in
            daemonLog.publish(report)
            signal.raise()
        }
        publisher.setOutputs(configuration.outputs.map(EndpointOutput.init))
        let watcher = EndpointWatcher(
            store: store,
            settings: .init(prefix: configuration.etcd.prefix),
            generator: generator.split(),
            timeline: timeline,
            listeners: .init(
                table: { [onList] update in
                    publisher.publish(update)
                    board.update { $0.list = update }
                    onList(update)
                },
                keys: { session.keysHeard($0) },
                reports: { report in
                    daemonLog.watch(report)
                    board.watchReported(report)
                }
            )
        )
        let registrar = Registrar(
            services: configuration.services,
            session: session,
            board: board,
            hostname: host.name,
            primaryAddress: primaryAddress,
            log: log
        )
        let teller = Teller(
            board: board,
            session: session,
            publisher: publisher,
            outputs: { current.value.outputs.map(\.path) },
            startTimeout: configuration.start.timeout,
            notifier: notifier,
            signal: signal,
            statusFile: statusFile,
            log: log
        )

        var services: [any Service] = [
            Running { await client.run() },
            Running {
                for await event in connections {
                    daemonLog.connection(event)
                    board.connectionChanged(event)
                    guard case .connected = event else { continue }
                    session.storeReconnected()
                    watcher.storeReconnected()
                }
            },
            Running { await publisher.run() },
            Running { await watcher.run() },
            Leaving(session: session),
            registrar,
            ReloadService(
                configuration: current,
                reload: reload,
                registrar: registrar,
                publisher: publisher,
                board: board,
                teller: teller,
                log: log
            ),
        ]
        if let interval = Watchdog.interval() {
            services.append(
                WatchdogService(
                    interval: interval,
                    loops: [
                        .init(name: "watch", laps: { watcher.laps }, poke: watcher.poke),
                        .init(name: "registration", laps: { session.laps }, poke: session.poke),
                        .init(name: "files", laps: { publisher.laps }, poke: publisher.poke),
                        .init(name: "status", laps: { teller.laps }, poke: signal.raise),
                    ],
                    notifier: notifier,
                    log: log
                )
            )
        }
        services.append(teller)
        try await ServiceGroup(configuration: groupConfiguration(services)).run()
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
        // The leave takes 2 s at most, everything else ends at once.
        group.maximumGracefulShutdownDuration = .seconds(8)
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

/// The registration, which gives everything back before it ends.
private struct Leaving: Service {
    let session: RegistrationSession

    func run() async throws {
        await withGracefulShutdownHandler {
            await session.run()
        } onGracefulShutdown: {
            session.leave()
        }
    }
}
