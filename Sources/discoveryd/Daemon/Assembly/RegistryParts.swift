import Configuration
import EndpointFiles
import Etcd
import EtcdRegistry
import Machines
import Registry
import ServiceLifecycle
import Systemd

/// The connection to etcd and what goes over it: the registration, and the list.
struct RegistryParts: Sendable {
    let session: RegistrationSession
    let watcher: EndpointWatcher
    let keeper: LeaseKeeper
    let drains: DrainBoard
    let leaving: Leaving
    let client: EtcdClient
    private let events: AsyncStream<ConnectionEvent>
    /// Raised when the list has changed, once for many changes.
    private let bursts: AsyncStream<Void>
    private let shared: SharedParts

    init(
        _ daemon: Daemon,
        _ shared: SharedParts,
        _ files: FileParts,
        _ generator: inout SeededGenerator
    ) {
        self.shared = shared
        // Sixty-four changes of connection that nobody has looked at are as good as all of them.
        let (events, event) = AsyncStream.makeStream(
            of: ConnectionEvent.self,
            bufferingPolicy: .bufferingNewest(64)
        )
        self.events = events
        let (bursts, burst) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        self.bursts = bursts
        var settings = EtcdClient.Configuration(daemon.configuration.etcd)
        settings.threads = shared.threads
        client = EtcdClient(settings) { event.yield($0) }
        let store = MeasuredStore(EtcdRegistryStore(client), shared.metrics)
        keeper = LeaseKeeper(daemon.state, threads: shared.threads, log: daemon.log)
        session = Self.session(daemon, shared, store, keeper, generator.split())
        drains = DrainBoard(
            session: session,
            directory: daemon.state,
            earlier: shared.earlier,
            threads: shared.threads,
            timeline: shared.timeline,
            signal: shared.signal,
            log: daemon.log
        )
        watcher = Self.watcher(daemon, shared, store, files, session, burst, generator.split())
        leaving = Leaving(
            session: session,
            lease: daemon.configuration.lease,
            keeper: keeper,
            ownJob: { () async throws(SystemdError) in try await ServiceManager().ownJob() },
            notifier: daemon.notifier,
            log: daemon.log
        )
    }

    private static func session(
        _ daemon: Daemon,
        _ shared: SharedParts,
        _ store: MeasuredStore,
        _ keeper: LeaseKeeper,
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
            continuing: shared.earlier.lease,
            generator: generator,
            timeline: shared.timeline
        ) { [settings] report in
            shared.log.registration(report)
            shared.metrics.registration(report)
            keeper.reported(report, settings)
            shared.signal.raise()
        }
    }

    private static func watcher(
        _ daemon: Daemon,
        _ shared: SharedParts,
        _ store: MeasuredStore,
        _ files: FileParts,
        _ session: RegistrationSession,
        _ burst: AsyncStream<Void>.Continuation,
        _ generator: SeededGenerator
    ) -> EndpointWatcher {
        var settings = WatchMachine.Settings(prefix: daemon.configuration.etcd.prefix)
        settings.ttl = daemon.configuration.lease.ttl
        settings.lossHold = daemon.configuration.longestHold
        settings.selection = daemon.configuration.selection
        settings.limits = daemon.configuration.limits
        settings.hasEarlierList = shared.earlier.hasList
        return EndpointWatcher(
            store: store,
            settings: settings,
            generator: generator,
            timeline: shared.timeline,
            listeners: .init(
                list: { watcher in
                    let newest: EndpointPublisher.Source = { watcher.newest }
                    files.publisher.publish(from: newest)
                    files.archive.publish(from: newest)
                    shared.board.listChanged(newest)
                    daemon.onList(newest)
                    burst.yield()
                },
                keys: { session.keysHeard($0) },
                reports: { report in
                    shared.log.watch(report)
                    shared.metrics.watch(report)
                    shared.board.watchReported(report)
                }
            )
        )
    }

    /// Runs the client, and tells everybody what becomes of its connection.
    var connection: [any Service] {
        [
            Running { [client] in await client.run() },
            Running { [signal = shared.signal] in await signal.run() },
            Running { [bursts] in await FreeMemory.giveBack(after: bursts) },
            Running { [events, shared, session, watcher] in
                for await event in events {
                    shared.log.connection(event)
                    shared.metrics.connection(event)
                    shared.board.connectionChanged(event)
                    guard case .connected = event else { continue }
                    session.storeReconnected()
                    watcher.storeReconnected()
                }
            },
        ]
    }

    var watching: any Service { Running { [watcher] in await watcher.run() } }
}
