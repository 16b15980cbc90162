import Logging
import Machines
import Metrics
import Registry
import ServiceLifecycle

/// Serves the pages while the daemon runs. A place where it cannot listen costs the pages, never the
/// daemon.
struct MetricsService: Service {
    let address: ListenAddress
    let pages: DaemonPages
    let generator: SeededGenerator
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let server = MetricsServer(at: address, pages: pages.pages)
            var backoff = Backoff(
                .init(base: .seconds(1), cap: .seconds(30)),
                generator: generator
            )
            var said: String?
            while !Task.isCancelled {
                do throws(ListenError) {
                    try await server.run { [log] address in
                        log.info("serving metrics", metadata: ["listen": "\(address)"])
                    }
                } catch {
                    if said != error.message { log.log(.metricsFailed, "\(error)") }
                    said = error.message
                }
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: backoff.next())
            }
        }
    }
}
