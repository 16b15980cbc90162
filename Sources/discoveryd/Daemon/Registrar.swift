import Logging
import Registry
import ServiceLifecycle
import Synchronization

/// Turns the configured services into instances: gives those without an address the host's, and
/// follows it when it changes.
final class Registrar: Service {
    private struct State {
        var services: [Configuration.Service]
        var address: HostAddress?
    }

    /// How often the host's address is looked up: often while there is none.
    private static let lookEvery = Duration.seconds(15)
    private static let lookEveryWithout = Duration.seconds(1)

    private let session: RegistrationSession
    private let board: StatusBoard
    private let hostname: String
    private let primaryAddress: @Sendable () -> HostAddress?
    private let log: Logger
    private let state: Mutex<State>

    /// - Parameter primaryAddress: The host's address; asked now and then.
    init(
        services: [Configuration.Service],
        session: RegistrationSession,
        board: StatusBoard,
        hostname: String,
        primaryAddress: @escaping @Sendable () -> HostAddress?,
        log: Logger
    ) {
        self.session = session
        self.board = board
        self.hostname = hostname
        self.primaryAddress = primaryAddress
        self.log = log
        state = Mutex(State(services: [], address: primaryAddress()))
        setServices(services)
    }

    /// Registers what the configuration names now.
    func setServices(_ services: [Configuration.Service]) {
        state.withLock { state in
            state.services = services
            register(state)
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                let hasAddress = state.withLock { $0.address != nil }
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: hasAddress ? Self.lookEvery : Self.lookEveryWithout)
                look()
            }
        }
    }

    private func look() {
        // A route that is gone for a moment is no reason to leave the registry.
        guard let address = primaryAddress() else { return }
        state.withLock { state in
            guard state.address != address else { return }
            log.notice(
                "the host's address is \(address) now",
                metadata: ["before": "\(state.address?.text ?? "none")"]
            )
            state.address = address
            register(state)
        }
    }

    /// Under the lock, so that of two changes the later one stands.
    private func register(_ state: borrowing State) {
        var instances: [ServiceInstance] = []
        var waiting: [ServiceName] = []
        for service in state.services {
            guard let address = service.address ?? state.address else {
                waiting.append(service.name)
                continue
            }
            do throws(UnusableHostname) {
                instances.append(
                    try service.instance(hostname: hostname, primaryAddress: address)
                )
            } catch {
                // The configuration was loaded with this host name and so was refused before.
                log.error("\(service.name): \(error)")
            }
        }
        board.update { $0.withoutAddress = waiting }
        session.register(instances)
    }
}
