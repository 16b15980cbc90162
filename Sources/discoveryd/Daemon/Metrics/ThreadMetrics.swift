import Exposition
import Files
import Registry

/// The threads for what may hang.
struct ThreadMetrics: Sendable {
    private let alive: Gauge
    private let busy: Gauge

    init(in registry: MetricsRegistry) {
        alive = registry.gauge(
            "discoveryd_blocking_threads",
            "Threads for calls that may hang, by directory or resource.",
            labels: ["thread"]
        )
        busy = registry.gauge(
            "discoveryd_blocking_call_seconds",
            "Duration of the current call; seconds mean that a disk or a name server does not respond.",
            labels: ["thread"]
        )
    }

    func update(from statuses: [String: BlockingThreads.Status]) {
        alive.setAll(statuses.mapValues { Double($0.alive) })
        busy.setAll(statuses.mapValues { $0.busyFor / .seconds(1) })
    }
}
