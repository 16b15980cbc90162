import Machines
import Registry
import Synchronization
import TestKit
import Testing
import Texts

/// Hosts round one store in memory, on one clock.
final class World: Sendable {
    /// A host: its session, its watcher, and the list that it would publish.
    final class Host: Sendable {
        let session: RegistrationSession
        let watcher: EndpointWatcher
        let updates: Recorder<TableUpdate>
        let reports: Recorder<WatchReport>
        private let left: Mutex<Bool>

        init(
            session: RegistrationSession,
            watcher: EndpointWatcher,
            updates: Recorder<TableUpdate>,
            reports: Recorder<WatchReport>
        ) {
            self.session = session
            self.watcher = watcher
            self.updates = updates
            self.reports = reports
            left = Mutex(false)
        }

        /// The published instances, in order.
        var keys: [String] {
            guard let table = updates.all.last?.table else { return [] }
            return table.names.flatMap { table.endpoints(of: $0) }.map(\.instance.key.description)
        }

        /// Whether each of its services is registered, or is not for a reason that is known.
        var isSettled: Bool { session.statuses.values.allSatisfy(\.isSettled) }

        /// Whether the list follows the store, by the last that was reported of it: as the daemon's state has it.
        var isCurrent: Bool {
            let told = reports.all.compactMap { report -> Bool? in
                switch report {
                case .synced: true
                case .outOfSync: false
                default: nil
                }
            }
            return told.last ?? false
        }

        /// Whether the session's run has returned.
        var hasLeft: Bool { left.withLock { $0 } }

        func run() async {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.watcher.run() }
                await session.run()
                left.withLock { $0 = true }
                await group.waitForAll()
            }
        }
    }

    let clock = ManualClock()
    let store: InMemoryRegistryStore
    private let timeline: Timeline
    private let newHosts: AsyncStream<Host>
    private let newHost: AsyncStream<Host>.Continuation

    private init() {
        timeline = Timeline(clock)
        store = InMemoryRegistryStore(timeline: timeline)
        (newHosts, newHost) = AsyncStream.makeStream()
    }

    /// Runs `body` in a world of its own, which ends with it.
    static func with(_ body: @escaping @Sendable (World) async throws -> Void) async throws {
        let world = World()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { hosts in
                    for await host in world.newHosts { hosts.addTask { await host.run() } }
                    hosts.cancelAll()
                }
            }
            defer { group.cancelAll() }
            try await body(world)
        }
    }

    /// Starts a host with services by name and port.
    func addHost(_ name: String, services: [String: UInt16]) throws -> Host {
        let (updates, reports) = (Recorder<TableUpdate>(), Recorder<WatchReport>())
        let seed = UInt64(name.utf8.reduce(0) { $0 * 31 + Int($1) })
        let session = RegistrationSession(
            store: store,
            settings: .init(owner: try #require(OwnerID("host-\(name)"))),
            generator: SeededGenerator(seed: seed),
            timeline: timeline
        )
        let watcher = EndpointWatcher(
            store: store,
            settings: .init(),
            generator: SeededGenerator(seed: seed + 1),
            timeline: timeline,
            listeners: .init(
                list: { if let list = $0.newest { updates.record(list) } },
                keys: { session.keysHeard($0) },
                reports: { reports.record($0) }
            )
        )
        session.register(
            try services.map { service, port in
                ServiceInstance(
                    key: try ServiceKey("\(service)/\(name)-\(port)"),
                    address: try #require(HostAddress("10.0.0.1")),
                    port: port
                )
            }
        )
        let host = Host(session: session, watcher: watcher, updates: updates, reports: reports)
        newHost.yield(host)
        return host
    }

    /// Lets time pass, and everybody act on it.
    func pass(_ duration: Duration) async {
        clock.advance(by: duration)
        store.expireLeases()
        for _ in 0..<20 { await Task.yield() }
    }

    /// Lets time pass in small steps until `condition` holds; fails when it never does.
    func until(_ what: String, _ condition: () -> Bool) async throws {
        for turn in 1...5000 {
            if condition() { return }
            await pass(.milliseconds(20))
            // A host whose thread stands still has not acted, however often others were let run.
            if turn.isMultiple(of: 25) { try await Task.sleep(for: .milliseconds(1)) }
        }
        throw DidNotHappen(description: "not within 100 s of the manual clock: \(what)")
    }
}
