import EndpointFiles
import Etcd
import Exposition
import HealthChecks
import Metrics
import Registry

/// What the daemon counts of itself: turns everybody's reports into metrics.
///
/// Labels have values from the configuration or from enumerations only; nothing that etcd holds
/// becomes one.
struct DaemonMetrics: Sendable {
    let registry: MetricsRegistry
    let daemon: ProcessMetrics
    let etcd: EtcdMetrics
    let registrations: RegistrationMetrics
    let list: ListMetrics
    let outputs: OutputMetrics
    let health: HealthMetrics
    let hooks: HookMetrics
    let threads: ThreadMetrics

    /// All metrics, at zero.
    init() {
        registry = MetricsRegistry()
        daemon = ProcessMetrics(in: registry)
        etcd = EtcdMetrics(in: registry)
        registrations = RegistrationMetrics(in: registry)
        list = ListMetrics(in: registry)
        outputs = OutputMetrics(in: registry)
        health = HealthMetrics(in: registry)
        hooks = HookMetrics(in: registry)
        threads = ThreadMetrics(in: registry)
    }

    func connection(_ event: ConnectionEvent) { etcd.reported(event) }
    func registration(_ report: RegistrationReport) { registrations.reported(report) }
    func watch(_ report: WatchReport) { list.reported(report) }
    func health(_ report: HealthReport) { health.reported(report) }
    func reload(_ report: ReloadReport) { hooks.reported(report) }
    func publish(_ report: PublishReport) { outputs.reported(report) }
}
