import Configuration
import Exposition
import HealthChecks
import Registry

/// The checks of this host's services.
struct HealthMetrics: Sendable {
    private enum Change: String, CaseIterable {
        case up, down, damped
    }

    private let up: Gauge
    private let changes: Counter

    init(in registry: MetricsRegistry) {
        up = registry.gauge(
            "discoveryd_service_check_up",
            "Whether all checks of each instance of the service on this host pass.",
            labels: ["service"]
        )
        changes = registry.counter(
            "discoveryd_service_check_changes_total",
            "Changes of the service's health, and times that it was held for flapping.",
            labels: ["service", "to"]
        )
    }

    func record(_ report: HealthReport) {
        switch report {
        case .up(let key): count(.up, key)
        case .down(let key, _): count(.down, key)
        case .dampingBegan(let key, _): count(.damped, key)
        case .reasonChanged, .dampingEnded, .checkFailing: break
        }
    }

    /// No service has series but those with checks. One without an instance is not known to be well yet.
    func update(from state: DaemonState) {
        let services = state.configuration.services.filter { !$0.checks.isEmpty }
        let names = Set(services.map(\.name.text))
        let byName = Dictionary(grouping: state.health) { $0.key.service.text }
        let all = names.map { name in
            (name, byName[name]?.allSatisfy { $0.value.isWell } ?? false ? 1.0 : 0)
        }
        up.setAll(Dictionary(all) { first, _ in first })
        changes.keep(names)
        for name in names {
            for change in Change.allCases { changes.create(name, change.rawValue) }
        }
    }

    private func count(_ change: Change, _ key: ServiceKey) {
        changes.add(1, key.service.text, change.rawValue)
    }
}
