import Files
import LocalServer
import Logging
import Machines
import ServiceLifecycle

/// Serves this host at one address while the daemon runs. An address that cannot be listened at costs what is served
/// there, never the daemon: it is tried again.
struct LocalServerService: Service {
    /// What an address is for.
    enum Listener: Sendable {
        /// Pages and reports for monitoring, for everybody on the host who reaches the address.
        case metrics(ListenAddress)
        /// All that there is, for root, our user and the members of our group.
        case control(path: String)

        fileprivate var address: ListenAddress {
            switch self {
            case .metrics(let address): address
            case .control(let path): .unix(path: path)
            }
        }
    }

    let listener: Listener
    let routes: [Route]
    /// Has a thread for a socket's directory.
    var threads = BlockingThreads()
    var limits = LocalHTTPServer.Limits()
    let generator: SeededGenerator
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var backoff = Backoff(
                .init(base: .seconds(1), cap: .seconds(30)),
                generator: generator
            )
            var lastLogged: String?
            while !Task.isCancelled {
                do throws(ListenError) {
                    if let socket = try await bound() {
                        let hadFailed = lastLogged != nil
                        lastLogged = nil
                        backoff.reset()
                        try await server.run(on: socket) { log(listeningAt: $0, hadFailed) }
                    }
                } catch {
                    if lastLogged != error.message { log(error) }
                    lastLogged = error.message
                }
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    private var server: LocalHTTPServer {
        switch listener {
        case .metrics: LocalHTTPServer(routes, scope: .reports, limits: limits)
        case .control:
            LocalHTTPServer(
                routes,
                scope: .everything,
                limits: limits,
                otherProtocol: LocalAPIRoutes.lineProtocol
            )
        }
    }

    /// - Returns: `nil` when the task was cancelled, or the system has no thread for it.
    private func bound() async throws(ListenError) -> BoundSocket? {
        switch listener {
        case .metrics(.tcp(let host, let port)):
            return try BoundSocket.bind(to: .tcp(host: host, port: port))
        case .metrics(.unix(let path)): return try await bound(path, mode: 0o666)
        case .control(let path): return try await bound(path, mode: 0o660)
        }
    }

    private func bound(_ path: String, mode: UInt32) async throws(ListenError) -> BoundSocket? {
        let result = await threads.file(path).run(grace: .seconds(1)) {
            Result { () throws(ListenError) in
                try BoundSocket.bind(to: .unix(path: path), mode: mode)
            }
        }
        return try result?.get()
    }

    private func log(listeningAt address: ListenAddress, _ hadFailed: Bool) {
        switch listener {
        case .metrics: log.info("serving metrics", metadata: ["listen": "\(address)"])
        case .control:
            if hadFailed { log.log(.controlSocketReady) }
        }
    }

    private func log(_ error: ListenError) {
        switch listener {
        case .metrics: log.log(.metricsFailed, "\(error)")
        case .control:
            log.log(.controlSocketFailed, "\(error); --control-socket names another path")
        }
    }
}
