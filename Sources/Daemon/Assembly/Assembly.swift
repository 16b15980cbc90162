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
    /// What can be run.
    struct Product: Sendable {
        /// In the order in which they start; they stop in reverse.
        let services: [any Service]
        /// Where a signal asks for a reload.
        let reloads: ConfigurationReloadQueue
    }

    private let daemon: Daemon
    private let threads: BlockingThreads
    private let earlier: EarlierRun
    private let timeline = Timeline()
    private let metrics = DaemonMetrics()
    private let history = EventHistory()
    private let state: CurrentState
    private let signal: ChangeSignal
    private let events: DaemonEvents

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
            { [signal] event, _ in Self.raise(signal, after: event) },
            history.record,
            { [metrics] event, _ in metrics.record(event) },
            { event, _ in log.handle(event) },
        ])
    }

    /// Changes of state are shown at once; how far something has come, a few times a second.
    private static func raise(_ signal: ChangeSignal, after event: DaemonEvent) {
        switch event {
        case .publish(.written), .publish(.unchanged): signal.raiseSoon()
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
        // What is saved for the next start is rendered once, where an output shows the same.
        let renderers = RendererPool(prefix: daemon.configuration.etcd.prefix)
        let publisher = publisher(renderers, performer, reloader, generator.split())
        let archive = archive(renderers, generator.split())
        let (connections, connection) = AsyncStream.makeStream(
            of: ConnectionEvent.self,
            // Sixty-four changes of connection that nobody has looked at are as good as all of them.
            bufferingPolicy: .bufferingNewest(64)
        )
        let client = client(connection)
        let store = MeasuredStore(EtcdRegistryStore(client), metrics)
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
            Self.readings(watcher, session, drains, publisher, reloader)
        }
        let status = statusPublisher(reader, publisher)
        let loops: [WatchdogService.Loop] = [
            .init(name: "watch", laps: { watcher.laps }, poke: watcher.poke),
            .init(name: "registration", laps: { session.laps }, poke: session.poke),
            .init(name: "health", laps: { monitor.laps }, poke: monitor.poke),
            .init(name: "files", laps: { publisher.laps }, poke: publisher.poke),
            .init(name: "reloads", laps: { reloader.laps }, poke: reloader.poke),
            .init(name: "status", laps: { status.laps }, poke: signal.raise),
        ]
        let reloads = ConfigurationReloadQueue()
        let wanted = WantedServices(daemon.configuration) { watcher.select($0) }
        let routes = routes(reader, wanted, drains, reloads, loops)
        let reload = ConfigurationReloadService(
            state: state,
            events: events,
            reload: daemon.reload,
            thread: threads.thread("configuration"),
            registrar: registrar,
            publisher: publisher,
            reloader: reloader,
            watcher: watcher,
            wanted: wanted,
            status: status,
            queue: reloads,
            log: daemon.log
        )
        let services: [[any Service]] = [
            [leases],
            metricsServer(routes, generator.split()),
            [
                LoopService { await client.run() },
                LoopService { [signal] in await signal.run() },
                LoopService { await FreeMemory.giveBack(after: bursts) },
                LoopService { [events] in
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
                LoopService { await reloader.run() },
                LoopService { await publisher.run() },
                LoopService { await archive.run() },
                LoopService { await watcher.run() },
            ],
            controlServer(routes, generator.split()),
            [registration(session, leases), drains],
            [
                registrar,
                follower,
                LoopService { [events] in
                    await monitor.run { report in
                        registrar.healthReported(report)
                        saved.record(report)
                    } observe: { report in
                        events.happened(.health(report))
                    }
                },
            ],
            [HangWatch(threads: threads, log: daemon.log)],
            [reload], watchdog(loops), clusterCheck(client, reader), [status],
        ]
        return Product(services: services.flatMap { $0 }, reloads: reloads)
    }

    // MARK: files

    private func reloader(_ performer: ActionPerformer, _ generator: SeededGenerator) -> Reloader {
        let reloader = Reloader(
            place: daemon.host.place,
            generator: generator,
            timeline: timeline,
            threads: threads,
            perform: performer.perform,
            observe: { [events] in events.happened(.reload($0)) }
        )
        reloader.setActions(daemon.configuration.reloads)
        return reloader
    }

    /// The output files.
    private func publisher(
        _ renderers: RendererPool,
        _ performer: ActionPerformer,
        _ reloader: Reloader,
        _ generator: SeededGenerator
    ) -> EndpointPublisher {
        let publisher = EndpointPublisher(
            renderers: renderers,
            generator: generator,
            timeline: timeline,
            threads: threads,
            programs: ProgramRunner(performer.content),
            taken: { [signal] in signal.raiseSoon() },
            replaced: { reloader.fileReplaced($0) },
            observe: { [events] in events.happened(.publish($0)) }
        )
        publisher.setOutputs(daemon.configuration.outputs.map(EndpointOutput.init))
        return publisher
    }

    /// The list for a start without etcd: what the store has, not too often.
    private func archive(
        _ renderers: RendererPool,
        _ generator: SeededGenerator
    ) -> EndpointPublisher {
        let archive = EndpointPublisher(
            renderers: renderers,
            generator: generator,
            timeline: timeline,
            threads: threads,
            observe: { [log = daemon.log] report in
                guard case .failed(let error, _) = report else { return }
                log.log(.lastListNotSaved, "\(error)")
            }
        )
        guard let state = daemon.state else { return archive }
        var output = EndpointOutput(path: state.listPath, mode: 0o600)
        output.hold = .zero
        output.wait = OutputWait(min: .seconds(2), max: .seconds(30))
        archive.setOutputs([output])
        return archive
    }

    // MARK: etcd

    private func client(_ event: AsyncStream<ConnectionEvent>.Continuation) -> EtcdClient {
        var settings = EtcdClient.Configuration(daemon.configuration.etcd)
        settings.threads = threads
        return EtcdClient(settings) { event.yield($0) }
    }

    private func session(
        _ store: MeasuredStore,
        _ leases: LeaseStore,
        _ generator: SeededGenerator
    ) -> RegistrationSession {
        var settings = RegistrationMachine.Settings(
            prefix: daemon.configuration.etcd.prefix,
            owner: daemon.host.owner
        )
        settings.host = daemon.host.name
        settings.ttl = daemon.configuration.lease.ttl
        return RegistrationSession(
            store: store,
            settings: settings,
            continuing: earlier.lease,
            generator: generator,
            timeline: timeline,
            save: { leases.save($0) },
            observe: { [events] in events.happened(.registration($0)) }
        )
    }

    private func drains(_ session: RegistrationSession) -> DrainController {
        DrainController(
            session: session,
            directory: daemon.state,
            earlier: earlier,
            threads: threads,
            timeline: timeline,
            signal: signal,
            events: events,
            log: daemon.log
        )
    }

    private func watcher(
        _ store: MeasuredStore,
        _ session: RegistrationSession,
        _ publishers: [EndpointPublisher],
        _ burst: AsyncStream<Void>.Continuation,
        _ generator: SeededGenerator
    ) -> EndpointWatcher {
        var settings = WatchMachine.Settings(prefix: daemon.configuration.etcd.prefix)
        settings.ttl = daemon.configuration.lease.ttl
        settings.lossHold = daemon.configuration.longestHold
        settings.selection = daemon.configuration.selection
        settings.limits = daemon.configuration.limits
        settings.hasEarlierList = earlier.hasList
        return EndpointWatcher(
            store: store,
            settings: settings,
            generator: generator,
            timeline: timeline,
            listeners: .init(
                list: { [events, state, signal, onList = daemon.onList] watcher in
                    let newest: EndpointPublisher.Source = { watcher.newest }
                    for publisher in publishers { publisher.publish(from: newest) }
                    // 2,000 times a second: whoever wants to know the list looks at it when he does.
                    if state.hasList {
                        signal.raiseSoon()
                    } else {
                        events.happened(.lifeCycle(.listReceived))
                    }
                    onList(newest)
                    burst.yield()
                },
                keys: { session.keysHeard($0) },
                reports: { [events] in events.happened(.watch($0)) }
            )
        )
    }

    // MARK: this host's services

    private func registrar(
        _ session: RegistrationSession,
        _ monitor: HealthMonitor,
        _ follower: UnitFollower
    ) -> Registrar {
        Registrar(
            services: daemon.configuration.services,
            earlier: earlier,
            session: session,
            monitor: monitor,
            follower: follower,
            events: events,
            hostname: daemon.host.name,
            primaryAddress: daemon.primaryAddress,
            timeline: timeline,
            log: daemon.log
        )
    }

    private func registration(
        _ session: RegistrationSession,
        _ leases: LeaseStore
    ) -> RegistrationService {
        RegistrationService(
            session: session,
            lease: daemon.configuration.lease,
            leases: leases,
            ownJob: { () async throws(SystemdError) in try await ServiceManager().ownJob() },
            notifier: daemon.notifier,
            log: daemon.log
        )
    }

    // MARK: what is shown

    private static func readings(
        _ watcher: EndpointWatcher,
        _ session: RegistrationSession,
        _ drains: DrainController,
        _ publisher: EndpointPublisher,
        _ reloader: Reloader
    ) -> DaemonReadings {
        DaemonReadings(
            list: watcher.newest,
            registrations: session.statuses,
            lease: session.leaseID,
            leaseRemaining: session.leaseRemaining,
            drains: drains.drains,
            draining: session.drains,
            outputs: publisher.statuses,
            written: publisher.writtenRevision,
            modified: publisher.knownModificationTimes,
            leftOut: publisher.rejectionCounts,
            reloadFaults: reloader.faults
        )
    }

    private func statusPublisher(
        _ reader: StateReader,
        _ publisher: EndpointPublisher
    ) -> StatusPublisher {
        StatusPublisher(
            state: reader,
            events: events,
            publisher: publisher,
            lastList: { [daemon, threads] in
                guard let state = daemon.state else { return nil }
                let prefix = daemon.configuration.etcd.prefix
                let thread = threads.directory(state.path)
                return await thread.run { state.lastList(of: prefix) } ?? nil
            },
            start: daemon.configuration.start,
            notifier: daemon.notifier,
            signal: signal,
            statusFile: (daemon.statusFile, threads.file(daemon.statusFile)),
            ending: daemon.ending,
            log: daemon.log
        )
    }

    /// What is served to this host, at the control socket and where monitoring reads.
    private func routes(
        _ reader: StateReader,
        _ wanted: WantedServices,
        _ drains: DrainController,
        _ reloads: ConfigurationReloadQueue,
        _ loops: [WatchdogService.Loop]
    ) -> [Route] {
        let pages = DaemonPages(
            metrics: metrics,
            state: reader,
            threads: threads,
            loops: LoopCheck(loops: loops)
        )
        let handler = LocalAPIHandler(
            state: reader,
            wanted: wanted,
            drains: drains,
            reloads: reloads,
            signal: signal
        )
        let api = LocalAPIRoutes(answer: { await handler.answer($0) }, log: daemon.log)
        return pages.routes + api.routes
    }

    /// What monitoring reads, where an address for it is configured.
    private func metricsServer(_ routes: [Route], _ generator: SeededGenerator) -> [any Service] {
        guard let address = daemon.configuration.metrics.listen else { return [] }
        return [server(.metrics(address), routes, generator)]
    }

    /// The control socket, where there is a place for it.
    private func controlServer(_ routes: [Route], _ generator: SeededGenerator) -> [any Service] {
        guard let path = daemon.controlSocket else { return [] }
        return [server(.control(path: path), routes, generator)]
    }

    private func server(
        _ listener: LocalServerService.Listener,
        _ routes: [Route],
        _ generator: SeededGenerator
    ) -> LocalServerService {
        LocalServerService(
            listener: listener,
            routes: routes,
            threads: threads,
            generator: generator,
            log: daemon.log
        )
    }

    // MARK: looking after the daemon

    /// systemd's watchdog, where it is on.
    private func watchdog(_ loops: [WatchdogService.Loop]) -> [any Service] {
        guard let interval = Watchdog.interval() else { return [] }
        return [
            WatchdogService(
                interval: interval,
                loops: loops,
                notifier: daemon.notifier,
                log: daemon.log
            )
        ]
    }

    private func clusterCheck(_ client: EtcdClient, _ reader: StateReader) -> [any Service] {
        guard daemon.configuration.etcd.endpoints.count > 1 else { return [] }
        return [
            ClusterCheck(
                client: client,
                state: reader,
                events: events,
                signal: signal,
                log: daemon.log
            )
        ]
    }
}

/// A loop that ends when the daemon stops.
struct LoopService: Service {
    private let loop: @Sendable () async -> Void

    init(_ loop: @escaping @Sendable () async -> Void) {
        self.loop = loop
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await loop() }
    }
}
