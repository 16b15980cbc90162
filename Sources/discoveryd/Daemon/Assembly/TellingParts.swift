import Configuration
import EndpointFiles
import Files
import HealthChecks
import Machines
import Registry
import ServiceLifecycle
import Systemd

/// Who tells others how the daemon is, and hears what they want of it.
struct TellingParts: Sendable {
    private let daemon: Daemon
    private let shared: SharedParts
    private let files: FileParts
    private let registry: RegistryParts
    private let health: HealthParts
    private let teller: Teller
    private let reloads = ReloadDesk()
    private let wanted: WantedServices

    init(
        _ daemon: Daemon,
        _ shared: SharedParts,
        _ files: FileParts,
        _ registry: RegistryParts,
        _ health: HealthParts
    ) {
        self.daemon = daemon
        self.shared = shared
        self.files = files
        self.registry = registry
        self.health = health
        wanted = WantedServices(daemon.configuration) { [watcher = registry.watcher] selection in
            watcher.select(selection)
        }
        teller = Teller(
            board: shared.board,
            session: registry.session,
            publisher: files.publisher,
            reloader: files.reloader,
            outputs: { shared.current.value.outputs.map(\.path) },
            lastList: {
                guard let state = daemon.state else { return nil }
                let prefix = daemon.configuration.etcd.prefix
                let thread = shared.threads.directory(state.path)
                return await thread.run { state.lastList(of: prefix) } ?? nil
            },
            start: daemon.configuration.start,
            notifier: daemon.notifier,
            signal: shared.signal,
            statusFile: daemon.statusFile,
            threads: shared.threads,
            ending: daemon.ending,
            log: daemon.log
        )
    }

    /// SIGHUP came.
    func reloadSignalled() { reloads.signalled() }

    /// The loops whose standstill is a defect.
    private var loops: [WatchdogService.Loop] {
        let (watcher, session, monitor) = (registry.watcher, registry.session, health.monitor)
        let (publisher, reloader) = (files.publisher, files.reloader)
        return [
            .init(name: "watch", laps: { watcher.laps }, poke: watcher.poke),
            .init(name: "registration", laps: { session.laps }, poke: session.poke),
            .init(name: "health", laps: { monitor.laps }, poke: monitor.poke),
            .init(name: "files", laps: { publisher.laps }, poke: publisher.poke),
            .init(name: "reloads", laps: { reloader.laps }, poke: reloader.poke),
            .init(name: "status", laps: { [teller] in teller.laps }, poke: shared.signal.raise),
        ]
    }

    /// Prometheus's pages, where they are configured.
    func metrics(_ generator: SeededGenerator) -> [any Service] {
        guard let listen = daemon.configuration.metrics.listen else { return [] }
        let pages = DaemonPages(
            metrics: shared.metrics,
            configuration: shared.current,
            board: shared.board,
            session: registry.session,
            publisher: files.publisher,
            reloader: files.reloader,
            watcher: registry.watcher,
            teller: teller,
            threads: shared.threads,
            loops: LoopCheck(loops: loops)
        )
        return [
            MetricsService(address: listen, pages: pages, generator: generator, log: daemon.log)
        ]
    }

    /// The control socket, where there is a place for it.
    func control(_ generator: SeededGenerator) -> [any Service] {
        guard let path = daemon.controlSocket else { return [] }
        let history = ServiceHistory(session: registry.session, signal: shared.signal)
        let desk = ControlDesk(
            configuration: shared.current,
            wanted: wanted,
            board: shared.board,
            session: registry.session,
            publisher: files.publisher,
            reloader: files.reloader,
            drains: registry.drains,
            history: history,
            reloads: reloads,
            signal: shared.signal
        )
        return [
            history,
            ControlServer(
                path: path,
                threads: shared.threads,
                answer: { await desk.answer($0) },
                generator: generator,
                log: daemon.log
            ),
        ]
    }

    /// Reloads, the watchdog, the look at the endpoints, and last the one who speaks with systemd.
    var services: [any Service] {
        var services: [any Service] = [
            ReloadService(
                configuration: shared.current,
                reload: daemon.reload,
                thread: shared.threads.thread("configuration"),
                registrar: health.registrar,
                publisher: files.publisher,
                reloader: files.reloader,
                watcher: registry.watcher,
                wanted: wanted,
                board: shared.board,
                teller: teller,
                desk: reloads,
                log: daemon.log
            )
        ]
        if let interval = Watchdog.interval() {
            services.append(
                WatchdogService(
                    interval: interval,
                    loops: loops,
                    notifier: daemon.notifier,
                    log: daemon.log
                )
            )
        }
        if daemon.configuration.etcd.endpoints.count > 1 {
            services.append(
                ClusterCheck(
                    client: registry.client,
                    isReady: { [teller] in teller.isReady },
                    board: shared.board,
                    signal: shared.signal,
                    log: daemon.log
                )
            )
        }
        return services + [teller]
    }
}
