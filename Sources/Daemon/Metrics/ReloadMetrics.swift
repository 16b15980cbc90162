import Configuration
import EndpointFiles
import Exposition

/// Counts the reloads of consumers after files were replaced.
struct ReloadMetrics: Sendable {
    private enum Result: String, CaseIterable {
        case done, failed
    }

    private let runs: Counter
    private let failing: Gauge

    init(in registry: MetricsRegistry) {
        runs = registry.counter(
            "discoveryd_hook_runs_total",
            "Reloads of a unit, or runs of a program; of failures each new cause is counted.",
            labels: ["hook", "result"]
        )
        failing = registry.gauge(
            "discoveryd_hook_failing",
            "Whether the last reload failed, so that the service still uses the old file.",
            labels: ["hook"]
        )
    }

    func record(_ report: ReloadReport) {
        switch report {
        case .done(let action, _): runs.add(1, action.description, Result.done.rawValue)
        case .failed(let action, _, _): runs.add(1, action.description, Result.failed.rawValue)
        }
    }

    /// What is configured now has series, and nothing else.
    func update(from state: DaemonState) {
        let names = Set(state.configuration.reloads.values.map(\.description))
        runs.keep(names)
        for name in names {
            for result in Result.allCases { runs.create(name, result.rawValue) }
        }
        let bad = Set(state.actionFaults.keys.map(\.description))
        failing.setAll(
            Dictionary(names.map { ($0, bad.contains($0) ? 1 : 0) }) { first, _ in first }
        )
    }
}
