import Exposition
import FoundationEssentials

/// The configuration in force, and how its last reload ended.
struct ConfigurationMetrics: Sendable {
    private let reloadSuccessful: Gauge
    private let reloadTime: Gauge

    init(in registry: MetricsRegistry) {
        reloadSuccessful = registry.gauge(
            "discoveryd_config_last_reload_successful",
            "Whether the last configuration reload succeeded."
        )
        reloadTime = registry.gauge(
            "discoveryd_config_last_reload_success_timestamp_seconds",
            "Time of the last successful configuration reload."
        )
    }

    func update(from state: DaemonState) {
        reloadSuccessful.set(state.configurationErrors == 0)
        reloadTime.set(state.lastReload.timeIntervalSince1970)
    }
}
