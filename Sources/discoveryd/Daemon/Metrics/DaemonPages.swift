import Configuration
import EndpointFiles
import Files
import Metrics
import Registry

/// What is served to this host: `/metrics`, `/healthz`, `/readyz`.
struct DaemonPages: Sendable {
    /// How long a loop may take to come round, below the server's own limit for a request.
    private static let patience = Duration.seconds(4)

    let metrics: DaemonMetrics
    let state: StateReader
    let threads: BlockingThreads
    let loops: LoopCheck

    var pages: Pages {
        Pages([
            "/metrics": {
                update()
                return PageAnswer(metrics.registry)
            },
            "/healthz": {
                let stuck = await loops.stuck(within: Self.patience)
                return stuck.isEmpty
                    ? PageAnswer(.ok, "alive\n")
                    : PageAnswer(.unavailable, stuck.map { "\($0): stuck\n" }.joined())
            },
            "/readyz": { ReadinessPage(state: state.now).answer },
        ])
    }

    /// Sets the gauges. No file system is read but /proc.
    private func update() {
        metrics.update(from: state.now)
        metrics.daemon.update(from: .current())
        metrics.threads.update(from: threads.statuses)
    }
}
