package import Configuration
package import EndpointFiles
package import Files
package import Logging
import Machines
import Registry
import ServiceLifecycle
package import Systemd
package import Texts

/// The daemon: what it is told at its start, and its run.
package struct Daemon: Sendable {
    package let configuration: Configuration
    let host: HostIdentity
    package let reload: @Sendable () throws(ConfigurationFaults) -> LoadedConfiguration
    let statusFile: String
    package let state: StateDirectory?
    package let controlSocket: String?
    let primaryAddress: @Sendable () -> HostAddress?
    let onList: @Sendable (_ newest: @escaping EndpointPublisher.Source) -> Void
    let ending: @Sendable () -> Void
    let threads: BlockingThreads
    let notifier: Notifier
    let signals: ProcessSignals?
    package let log: Logger

    /// - Parameters:
    ///   - reload: Reads the configuration again.
    ///   - state: What an earlier run left, and where to leave it for the next; nothing without one.
    ///   - controlSocket: Where commands ask the daemon; nowhere without one.
    ///   - primaryAddress: The host's address, for services that name none.
    ///   - ending: Called when the daemon begins to end.
    ///   - onList: Told that there is a new list, and where to have it, beside the files; must not wait.
    ///   - threads: The threads for what may hang.
    ///   - signals: The signals that are obeyed; none without.
    package init(
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
        threads: BlockingThreads = BlockingThreads(),
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
        self.threads = threads
        self.notifier = notifier
        self.signals = signals
        self.log = log
    }

    /// Runs until SIGTERM or SIGINT, or until the task is cancelled.
    package func run() async throws {
        let isOver: @Sendable () -> Bool = { [signals] in signals?.takeEnd() ?? false }
        let earlier = await EarlierRun.read(from: state, on: threads, isOver: isOver, log: log)
        guard let earlier else { return log.log(.stoppedDuringStart) }
        let product = Assembly(self, threads: threads, earlier: earlier).build()
        let group = ServiceGroup(configuration: groupConfiguration(product.services))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            if let signals {
                tasks.addTask {
                    try await signals.follow { order in
                        switch order {
                        case .reload: product.reloads.signalled()
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

    private func groupConfiguration(_ services: [NamedService]) -> ServiceGroupConfiguration {
        var groupLog = log
        // The group tells of each service's start and stop; our own lines say what it means.
        groupLog.logLevel = max(log.logLevel, .error)
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0.service, serviceName: $0.name) },
            logger: groupLog
        )
        // The leave takes 2 s at most after the drain, everything else ends at once.
        group.maximumGracefulShutdownDuration = configuration.lease.drain + .seconds(8)
        return group
    }
}
