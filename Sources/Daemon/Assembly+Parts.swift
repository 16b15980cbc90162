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

// How each part is made, and whom it tells of what.
extension Assembly {
    // MARK: files

    func reloader(_ performer: ActionPerformer, _ generator: SeededGenerator) -> Reloader {
        let reloader = Reloader(
            place: daemon.host.place,
            generator: generator,
            timeline: timeline,
            threads: threads,
            perform: performer.perform,
            observe: { [events] in events.happened(.reload($0)) }
        )
        let atRuntime = Set(daemon.configuration.runtimeOutputs.map(\.path))
        reloader.setActions(daemon.configuration.reloads, except: atRuntime)
        return reloader
    }

    /// Makes the updater, which tells running HAProxies of changes.
    func updater(_ performer: ActionPerformer, _ reloader: Reloader) -> HAProxyUpdater {
        let updater = HAProxyUpdater(
            timeline: timeline,
            threads: threads,
            programs: ProgramRunner(performer.content),
            reload: { reloader.fileReplaced($0) },
            cancelReload: { reloader.fileTakenUp($0) },
            observe: { [events] in events.happened(.runtime($0)) }
        )
        updater.setOutputs(daemon.configuration.runtimeOutputs)
        return updater
    }

    /// The output files.
    func publisher(
        _ renderers: RendererPool,
        _ performer: ActionPerformer,
        _ reloader: Reloader,
        _ updater: HAProxyUpdater,
        _ generator: SeededGenerator
    ) -> EndpointPublisher {
        let publisher = EndpointPublisher(
            renderers: renderers,
            generator: generator,
            timeline: timeline,
            threads: threads,
            programs: ProgramRunner(performer.content),
            taken: { [signal] in signal.raiseSoon() },
            replaced: { path, isChecked in
                if updater.serves(path) {
                    updater.fileReplaced(path, isChecked: isChecked)
                } else {
                    reloader.fileReplaced(path)
                }
            },
            observe: { [events] in events.happened(.publish($0)) }
        )
        publisher.setOutputs(daemon.configuration.outputs.map(EndpointOutput.init))
        return publisher
    }

    /// The list for a start without etcd: what the store has, not too often.
    func archive(
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
        // Where all outputs name services, no more is known, and no more will be needed.
        output.showsAnySelection = true
        output.wait = OutputWait(min: .seconds(2), max: .seconds(30))
        archive.setOutputs([output])
        return archive
    }

    // MARK: etcd

    func client(_ event: AsyncStream<ConnectionEvent>.Continuation) -> EtcdClient {
        var settings = EtcdClient.Configuration(daemon.configuration.etcd)
        settings.threads = threads
        return EtcdClient(settings) { event.yield($0) }
    }

    func session(
        _ store: EtcdRegistryStore,
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

    func drains(_ session: RegistrationSession) -> DrainController {
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

    func watcher(
        _ store: EtcdRegistryStore,
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
                reports: { [events] in events.happened(.watch($0)) },
                changes: { [events] in events.happened(.endpoints($0)) }
            )
        )
    }

    // MARK: this host's services

    func registrar(
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
            timeline: timeline
        )
    }

    func registration(
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

    static func readings(
        _ watcher: EndpointWatcher,
        _ session: RegistrationSession,
        _ drains: DrainController,
        _ publisher: EndpointPublisher,
        _ reloader: Reloader,
        _ updater: HAProxyUpdater
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
            spilling: publisher.spills,
            actionFaults: reloader.faults,
            runtimes: updater.statuses
        )
    }

    func statusPublisher(
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

    /// Lists the pages and reports that are served to this host, at the control socket and where monitoring reads.
    func routes(
        _ reader: StateReader,
        _ wanted: WantedServices,
        _ drains: DrainController,
        _ reloads: ConfigurationReloadQueue,
        _ loops: [WatchdogService.Loop]
    ) -> [Route] {
        let pages = MonitoringPages(
            metrics: metrics,
            state: reader,
            threads: threads,
            loops: LoopCheck(loops: loops)
        )
        // One for all, so that whoever asks for many has them made one after the other.
        let thread = threads.thread("reports")
        let handler = LocalAPIHandler(
            state: reader,
            wanted: wanted,
            drains: drains,
            reloads: reloads,
            signal: signal,
            history: history,
            thread: thread
        )
        let api = LocalAPIRoutes(answer: { await handler.answer($0) }, log: daemon.log)
        let overview = OverviewPage(
            host: daemon.host.name,
            history: history,
            thread: thread,
            state: { reader.now }
        )
        return overview.routes + pages.routes + api.routes
    }

    /// Serves pages and reports to this host, where `[metrics]` has an address.
    func metricsServer(_ routes: [Route], _ generator: SeededGenerator) -> [NamedService] {
        guard let address = daemon.configuration.metrics.listen else { return [] }
        return [.init("metrics", server(.metrics(address), routes, generator))]
    }

    /// The control socket, where there is a place for it.
    func controlServer(_ routes: [Route], _ generator: SeededGenerator) -> [NamedService] {
        guard let path = daemon.controlSocket else { return [] }
        return [.init("control socket", server(.control(path: path), routes, generator))]
    }

    func server(
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
    func watchdog(_ loops: [WatchdogService.Loop]) -> [NamedService] {
        guard let interval = Watchdog.interval() else { return [] }
        let service = WatchdogService(
            interval: interval,
            loops: loops,
            notifier: daemon.notifier,
            log: daemon.log
        )
        return [.init("watchdog", service)]
    }

    func clusterCheck(_ client: EtcdClient, _ reader: StateReader) -> [NamedService] {
        guard daemon.configuration.etcd.endpoints.count > 1 else { return [] }
        let service = ClusterCheck(client: client, state: reader, events: events, signal: signal)
        return [.init("cluster check", service)]
    }
}
