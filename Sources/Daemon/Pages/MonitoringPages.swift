import Configuration
import EndpointFiles
import Exposition
import Files
import LocalServer
import Registry

/// The pages that are served to this host: `/metrics`, `/healthz`, `/readyz`.
struct MonitoringPages: Sendable {
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
            Route("/readyz", .page) { _ in ReadyzPage(state: state.now).response },
        ]
    }

    /// Sets the gauges. No file system is read but /proc.
    private func update() {
        metrics.update(from: state.now)
        metrics.process.update(from: .current())
        metrics.threads.update(from: threads.statuses)
    }
}

/// Sees whether the loops still turn, when asked.
struct LoopCheck: Sendable {
    let loops: [WatchdogService.Loop]

    /// Sends each loop round and waits for it.
    ///
    /// - Returns: The names of those that have not come round within `limit`, in their order; when the
    ///   task is cancelled, of those that have not until then.
    func stuck(within limit: Duration) async -> [String] {
        let before = loops.map { $0.laps() }
        for loop in loops { loop.poke() }
        let end = ContinuousClock.now + limit
        while true {
            let stuck = zip(loops, before).filter { $0.laps() == $1 }.map(\.0.name)
            if stuck.isEmpty || Task.isCancelled || end <= .now { return stuck }
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
