import Configuration
import EndpointFiles
import Exposition
import Files
import LocalServer
import Registry

/// The pages that are served to this host: `/metrics`, `/healthz`, `/readyz`.
struct DaemonPages: Sendable {
    /// How long a loop may take to come round, below the server's own limit for a report.
    private static let patience = Duration.seconds(4)

    let metrics: DaemonMetrics
    let state: StateReader
    let threads: BlockingThreads
    let loops: LoopCheck

    var routes: [Route] {
        [
            Route("/metrics", .page) { _ in
                update()
                let text = metrics.registry.text
                return Response(.ok, text, contentType: PrometheusText.contentType)
            },
            Route("/healthz", .page) { _ in
                let stuck = await loops.stuck(within: Self.patience)
                return stuck.isEmpty
                    ? Response(.ok, "alive\n")
                    : Response(.serviceUnavailable, stuck.map { "\($0): stuck\n" }.joined())
            },
            Route("/readyz", .page) { _ in ReadinessPage(state: state.now).response },
        ]
    }

    /// Sets the gauges. No file system is read but /proc.
    private func update() {
        metrics.update(from: state.now)
        metrics.daemon.update(from: .current())
        metrics.threads.update(from: threads.statuses)
    }
}
