import Configuration
import HealthChecks
import Machines
import Registry
import ServiceLifecycle

/// The checks of this host's services, and who registers those that are well.
struct HealthParts: Sendable {
    let monitor: HealthMonitor
    let registrar: Registrar
    private let follower: UnitFollower
    private let keeper: HealthKeeper
    private let reports: AsyncStream<HealthReport>
    private let shared: SharedParts

    init(
        _ daemon: Daemon,
        _ shared: SharedParts,
        _ registry: RegistryParts,
        _ generator: inout SeededGenerator
    ) {
        self.shared = shared
        // Of a thousand changes of health that nobody has looked at the newest are enough: what is
        // registered is read from the verdicts, not from the reports.
        let (reports, report) = AsyncStream.makeStream(
            of: HealthReport.self,
            bufferingPolicy: .bufferingNewest(1024)
        )
        self.reports = reports
        monitor = HealthMonitor(
            generator: generator.split(),
            timeline: shared.timeline,
            probe: HealthMonitor.standardProbes(threads: shared.threads),
            observe: { report.yield($0) }
        )
        follower = UnitFollower(monitor, log: daemon.log)
        keeper = HealthKeeper(
            daemon.state,
            earlier: shared.earlier,
            threads: shared.threads,
            log: daemon.log
        )
        registrar = Registrar(
            services: daemon.configuration.services,
            keeper: keeper,
            session: registry.session,
            monitor: monitor,
            follower: follower,
            board: shared.board,
            hostname: daemon.host.name,
            primaryAddress: daemon.primaryAddress,
            log: daemon.log
        )
    }

    var services: [any Service] {
        [
            registrar,
            follower,
            Running { [monitor] in await monitor.run() },
            Running { [reports, shared, keeper, registrar] in
                for await report in reports {
                    // First: who is sent to a service that fails waits for nothing else.
                    registrar.healthReported(report)
                    shared.log.health(report)
                    shared.metrics.health(report)
                    keeper.reported(report)
                }
            },
        ]
    }
}
