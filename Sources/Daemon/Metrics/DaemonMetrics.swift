import EndpointFiles
import Etcd
import EtcdRegistry
import Exposition
import HealthChecks
import Registry

/// Turns events into counters, and the state into gauges.
///
/// Labels have values from the configuration or from enumerations. Of what etcd holds only the names of services
/// beyond the limits become one, of 20 at most.
struct DaemonMetrics: Sendable {
    let registry: MetricsRegistry
    let process: ProcessMetrics
    let configuration: ConfigurationMetrics
    let etcd: EtcdMetrics
    let registrations: RegistrationMetrics
    let list: ListMetrics
    let outputs: OutputMetrics
    let health: HealthMetrics
    let reloads: ReloadMetrics
    let runtimes: RuntimeMetrics
    let threads: ThreadMetrics

    /// All metrics, at zero.
    init() {
        registry = MetricsRegistry()
        process = ProcessMetrics(in: registry)
        configuration = ConfigurationMetrics(in: registry)
        etcd = EtcdMetrics(in: registry)
        registrations = RegistrationMetrics(in: registry)
        list = ListMetrics(in: registry)
        outputs = OutputMetrics(in: registry)
        health = HealthMetrics(in: registry)
        reloads = ReloadMetrics(in: registry)
        runtimes = RuntimeMetrics(in: registry)
        threads = ThreadMetrics(in: registry)
    }

    /// Counts what happened.
    func record(_ event: DaemonEvent) {
        switch event {
        case .connection(let event): etcd.record(event)
        case .registration(let report): registrations.record(report)
        case .watch(let report): list.record(report)
        case .health(let report): health.record(report)
        case .reload(let report): reloads.record(report)
        case .runtime(let report): runtimes.record(report)
        case .publish(let report): outputs.record(report)
        case .endpoints, .services, .registrar, .drain, .configuration, .lifeCycle,
            .endpointsDiffer:
            break
        }
    }

    /// Counts what was asked of etcd: too often to be an event.
    func record(_ report: EtcdRegistryStore.Report) {
        switch report {
        case .ended(let request, let time, let error): etcd.ended(request, after: time, with: error)
        case .keepAliveAnswered(let ttl): registrations.keepAliveAnswered(ttl: ttl)
        case .watchReceived(let news): list.heard(news)
        }
    }

    /// Sets the gauges to what is true now.
    func update(from state: DaemonState) {
        process.update(from: state)
        configuration.update(from: state)
        etcd.update(from: state)
        registrations.update(from: state)
        health.update(from: state)
        reloads.update(from: state)
        runtimes.update(from: state)
        list.update(from: state)
        outputs.update(from: state)
    }
}
