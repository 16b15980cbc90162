import Exposition
import HealthChecks
import Metrics
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

    func reported(_ report: HealthReport) {
        switch report {
        case .up(let key): count(.up, key)
        case .down(let key, _): count(.down, key)
        case .dampingBegan(let key, _): count(.damped, key)
        case .reasonChanged, .dampingEnded, .checkFailing: break
        }
    }

    /// - Parameters:
    ///   - names: The services that have checks; no other has series.
    ///   - health: How their instances are. A service without any is not known to be well yet.
    func looked(at names: Set<String>, _ health: [ServiceKey: StatusBoard.Health]) {
        let byName = Dictionary(grouping: health) { $0.key.service.text }
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
