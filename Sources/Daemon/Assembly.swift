import Configuration
import EndpointFiles
import Etcd
import EtcdRegistry
import Files
import FoundationEssentials
import HealthChecks
import LocalServer
import Logging
import Machines
import Programs
import Registry
import ServiceLifecycle
import Systemd

/// Builds the parts of the daemon and joins them: the one place where all of them are known. Each function is named for
/// what it builds.
struct Assembly: Sendable {
    /// The services of the daemon, ready to be run.
    struct Product: Sendable {
        /// In the order in which they start; they stop in reverse.
        let services: [NamedService]
        /// Where a signal asks for a reload.
        let reloads: ConfigurationReloadQueue
    }

    let daemon: Daemon
    let threads: BlockingThreads
    let earlier: EarlierRun
    let timeline = Timeline(EventLoops.clock)
    let metrics = DaemonMetrics()
    let history = EventHistory()
    let state: CurrentState
    let signal: ChangeSignal
    let events: DaemonEvents

    /// - Parameters:
    ///   - threads: The threads for what may hang.
    ///   - earlier: What the last run left.
    init(_ daemon: Daemon, threads: BlockingThreads, earlier: EarlierRun) {
        self.daemon = daemon
        self.threads = threads
        self.earlier = earlier
        signal = ChangeSignal(timeline: timeline)
        state = CurrentState(DaemonState(daemon.configuration, at: .now))
        let log = DaemonLog(daemon.log)
        events = DaemonEvents([
            state.apply,
            history.record,
            { [signal] event, _ in Self.raise(signal, after: event) },
            { [metrics] event, _ in metrics.record(event) },
            { event, _ in log.handle(event) },
        ])
    }

    /// Changes of state are shown at once; how far something has come, a few times a second.
    private static func raise(_ signal: ChangeSignal, after event: DaemonEvent) {
        switch event {
        case .endpoints, .publish(.written), .publish(.unchanged): signal.raiseSoon()
        // What follows from it is an event of its own.
        case .health: break
        default: signal.raise()
        }
    }

    /// Services start in the order of the group and stop in reverse: first systemd is told, then we leave the registry,
    /// then the watch and the writing end, the connection last. The metrics stop after what they tell of, and the
    /// control socket answers while what leaves the registry drains.
    func build() -> Product {
        var generator = SeededGenerator(seed: .random(in: 0...UInt64.max))
        let performer = ActionPerformer(log: daemon.log)
        let reloader = reloader(performer, generator.split())
        let updater = updater(performer, reloader)
        // What is saved for the next start is rendered once, where an output shows the same.
        let renderers = RendererPool(prefix: daemon.configuration.etcd.prefix)
        let publisher = publisher(
            renderers,
            performer,
            reloader,
            updater,
            generator.split()
        )
        let archive = archive(renderers, generator.split())
        let (connections, connection) = AsyncStream.makeStream(
            of: ConnectionEvent.self,
            // Sixty-four changes of connection that nobody has looked at are as good as all of them.
            bufferingPolicy: .bufferingNewest(64)
        )
        let client = client(connection)
        let store = EtcdRegistryStore(client) { [metrics] in metrics.record($0) }
        let leases = LeaseStore(daemon.state, threads: threads, log: daemon.log)
        let session = session(store, leases, generator.split())
        let drains = drains(session)
        let (bursts, burst) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let watcher = watcher(store, session, [publisher, archive], burst, generator.split())
        let monitor = HealthMonitor(
            generator: generator.split(),
            timeline: timeline,
            probe: HealthMonitor.standardProbes(threads: threads)
        )
        let follower = UnitFollower(monitor, log: daemon.log)
        let saved = HealthStore(daemon.state, earlier: earlier, threads: threads, log: daemon.log)
        let registrar = registrar(session, monitor, follower)
        let reader = StateReader(state) {
            Self.readings(watcher, session, drains, publisher, reloader, updater)
        }
        let status = statusPublisher(reader, publisher)
        let loops: [WatchdogService.Loop] = [
            .init(name: "watch", laps: { watcher.laps }, poke: watcher.poke),
            .init(name: "registration", laps: { session.laps }, poke: session.poke),
            .init(name: "health", laps: { monitor.laps }, poke: monitor.poke),
            .init(name: "files", laps: { publisher.laps }, poke: publisher.poke),
            .init(name: "reloads", laps: { reloader.laps }, poke: reloader.poke),
            .init(name: "haproxy", laps: { updater.laps }, poke: updater.poke),
            .init(name: "status", laps: { status.laps }, poke: signal.raise),
        ]
        let reloads = ConfigurationReloadQueue()
        let wanted = WantedServices(daemon.configuration, timeline: timeline) {
            watcher.select($0)
        }
        let routes = routes(reader, wanted, drains, reloads, loops)
        let reload = ConfigurationReloadService(
            state: state,
            events: events,
            reload: daemon.reload,
            thread: threads.thread("configuration"),
            registrar: registrar,
            publisher: publisher,
            reloader: reloader,
            updater: updater,
            watcher: watcher,
            wanted: wanted,
            status: status,
            queue: reloads
        )
        let services: [[NamedService]] = [
            [.init("lease", leases)],
            metricsServer(routes, generator.split()),
            [
                .loop("etcd") { await EventLoops.besideConnection { await client.run() } },
                .loop("changes") { [signal] in await signal.run() },
                .loop("memory") { await FreeMemory.giveBack(after: bursts) },
                .loop("connections") { [events] in
                    for await event in connections {
                        if case .connected = event {
                            session.storeReconnected()
                            watcher.storeReconnected()
                        }
                        events.happened(.connection(event))
                    }
                },
            ],
            [
                .loop("reloads") { await reloader.run(loaded: { updater.reloaded($0) }) },
                .loop("haproxy") { await updater.run() },
                .loop("files") { await publisher.run() },
                .loop("last list") { await archive.run() },
                .loop("watch") { await EventLoops.besideConnection { await watcher.run() } },
                .loop("wanted") { await wanted.run() },
            ],
            controlServer(routes, generator.split()),
            [.init("registration", registration(session, leases)), .init("drains", drains)],
            [
                .init("services", registrar),
                .init("units", follower),
                .loop("health") { [events] in
                    await monitor.run { report in
                        registrar.healthReported(report)
                        saved.record(report)
                    } observe: { report in
                        events.happened(.health(report))
                    }
                },
            ],
            [.init("hang watch", HangWatch(threads: threads, timeline: timeline, log: daemon.log))],
            [.init("configuration", reload)], watchdog(loops), clusterCheck(client, reader),
            [.init("status", status)],
        ]
        return Product(services: services.flatMap { $0 }, reloads: reloads)
    }
}

/// A service with the name that the life cycle has for it in an error.
///
/// Without one the life cycle prints the service by reflection at the start, and has the runtime go through all
/// conformances of the program for each type.
struct NamedService: Sendable {
    let name: String
    let service: any Service

    init(_ name: String, _ service: any Service) {
        self.name = name
        self.service = service
    }

    /// A loop that ends when the daemon stops.
    static func loop(_ name: String, _ loop: @escaping @Sendable () async -> Void) -> NamedService {
        NamedService(name, LoopService(loop))
    }
}

/// A loop that ends when the daemon stops.
private struct LoopService: Service {
    private let loop: @Sendable () async -> Void

    init(_ loop: @escaping @Sendable () async -> Void) {
        self.loop = loop
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await loop() }
    }
}
