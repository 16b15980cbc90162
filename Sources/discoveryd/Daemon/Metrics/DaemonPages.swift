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
    let configuration: CurrentConfiguration
    let board: StatusBoard
    let session: RegistrationSession
    let publisher: EndpointPublisher
    let reloader: Reloader
    let watcher: EndpointWatcher
    let teller: Teller
    let threads: BlockingThreads
    let loops: LoopCheck

    var pages: Pages {
        Pages([
            "/metrics": {
                look()
                return PageAnswer(metrics.registry)
            },
            "/healthz": {
                let stuck = await loops.stuck(within: Self.patience)
                return stuck.isEmpty
                    ? PageAnswer(.ok, "alive\n")
                    : PageAnswer(.unavailable, stuck.map { "\($0): stuck\n" }.joined())
            },
            "/readyz": { readiness.answer },
        ])
    }

    private var readiness: ReadinessPage {
        ReadinessPage(isStarted: teller.isReady, facts: board.current)
    }

    /// Notes what is not reported but stands somewhere to be read. No file system is asked but /proc.
    private func look() {
        let configuration = configuration.value
        let readiness = readiness
        let facts = readiness.facts
        metrics.daemon.looked(at: facts, isReady: readiness.troubles.isEmpty)
        metrics.daemon.looked(at: .current())
        metrics.threads.looked(at: threads.statuses)
        metrics.etcd.looked(isUp: facts.etcd != nil)
        metrics.registrations.looked(
            at: Set(configuration.services.map(\.name.text)),
            session.statuses,
            leaseRemaining: session.leaseRemaining
        )
        metrics.health.looked(
            at: Set(configuration.services.filter { !$0.checks.isEmpty }.map(\.name.text)),
            facts.health
        )
        metrics.hooks.looked(
            at: Set(configuration.reloads.values),
            failing: Set(reloader.faults.keys)
        )
        metrics.list.looked(at: facts, held: watcher.heldCount)
        metrics.outputs.looked(
            at: Set(configuration.outputs.map(\.path)),
            publisher.statuses,
            leftOut: publisher.rejectionCounts
        )
    }
}
