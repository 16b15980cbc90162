import Configuration
import EndpointFiles
import Files
import Logging
import Machines
import Registry
import ServiceLifecycle
import Systemd
import Texts

/// The daemon: the one place where everybody meets. Rooms are joined by passing values and streams.
struct Daemon: Sendable {
    let configuration: Configuration
    let host: HostIdentity
    let reload: @Sendable () throws(ConfigurationFaults) -> LoadedConfiguration
    let statusFile: String
    let state: StateDirectory?
    let controlSocket: String?
    let primaryAddress: @Sendable () -> HostAddress?
    let onList: @Sendable (_ newest: @escaping EndpointPublisher.Source) -> Void
    let ending: @Sendable () -> Void
    let notifier: Notifier
    let signals: ProcessSignals?
    let log: Logger

    /// - Parameters:
    ///   - reload: Reads the configuration again.
    ///   - state: What an earlier run left, and where to leave it for the next; nothing without one.
    ///   - controlSocket: Where commands ask the daemon; nowhere without one.
    ///   - primaryAddress: The host's address, for services that name none.
    ///   - ending: Called when the daemon begins to end.
    ///   - onList: Told that there is a new list, and where to have it, beside the files.
    ///   - signals: The signals that are obeyed; none without.
    init(
        _ configuration: Configuration,
        host: HostIdentity,
        reload: @escaping @Sendable () throws(ConfigurationFaults) -> LoadedConfiguration,
        statusFile: String,
        state: StateDirectory? = nil,
        controlSocket: String? = nil,
        primaryAddress: @escaping @Sendable () -> HostAddress? = PrimaryAddress.current,
        ending: @escaping @Sendable () -> Void = {},
        onList: @escaping @Sendable (_ newest: @escaping EndpointPublisher.Source) -> Void = {
            _ in
        },
        notifier: Notifier = Notifier(),
        signals: ProcessSignals? = nil,
        log: Logger
    ) {
        self.configuration = configuration
        self.host = host
        self.reload = reload
        self.statusFile = statusFile
        self.state = state
        self.controlSocket = controlSocket
        self.primaryAddress = primaryAddress
        self.ending = ending
        self.onList = onList
        self.notifier = notifier
        self.signals = signals
        self.log = log
    }

    /// Runs until SIGTERM or SIGINT, or until the task is cancelled.
    ///
    /// Services start in the order of the group and stop in reverse: first systemd is told, then we
    /// leave the registry, then the watch and the writing end, the connection last. The metrics stop after
    /// what they tell of, and the control socket answers while what leaves the registry drains.
    func run() async throws {
        var generator = SeededGenerator(seed: .random(in: 0...UInt64.max))
        let threads = BlockingThreads()
        let isOver: @Sendable () -> Bool = { [signals] in signals?.takeEnd() ?? false }
        let earlier = await EarlierRun.read(from: state, on: threads, isOver: isOver, log: log)
        guard let earlier else { return log.log(.stoppedDuringStart) }
        let shared = SharedParts(self, threads: threads, earlier: earlier)
        let files = FileParts(self, shared, &generator)
        let registry = RegistryParts(self, shared, files, &generator)
        let health = HealthParts(self, shared, registry, &generator)
        let telling = TellingParts(self, shared, files, registry, health)
        let services: [[any Service]] = [
            [registry.keeper],
            telling.metrics(generator.split()),
            registry.connection,
            files.services,
            [registry.watching],
            telling.control(generator.split()),
            [registry.leaving, registry.drains],
            health.services,
            [HangWatch(threads: threads, log: log)],
            telling.services,
        ]
        let group = ServiceGroup(configuration: groupConfiguration(services.flatMap { $0 }))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            if let signals {
                tasks.addTask {
                    try await signals.follow { order in
                        switch order {
                        case .reload: telling.reloadSignalled()
                        // Before the group runs, too: it ends then as it begins.
                        case .end: await group.triggerGracefulShutdown()
                        }
                    }
                }
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private func groupConfiguration(_ services: [any Service]) -> ServiceGroupConfiguration {
        var groupLog = log
        // The group tells of each service's start and stop; our own lines say what it means.
        groupLog.logLevel = max(log.logLevel, .error)
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            logger: groupLog
        )
        // The leave takes 2 s at most after the drain, everything else ends at once.
        group.maximumGracefulShutdownDuration = configuration.lease.drain + .seconds(8)
        return group
    }
}
