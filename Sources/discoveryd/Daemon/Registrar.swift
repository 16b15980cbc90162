import Configuration
import FoundationEssentials
import HealthChecks
import Logging
import Registry
import ServiceLifecycle
import Synchronization
import Texts

/// Turns the configured services into instances: gives those without an address the host's, and
/// follows it when it changes; leaves out those that are not well.
final class Registrar: Service {
    private struct State {
        var services: [Configuration.Service]
        var address: HostAddress?
        /// The services whose health has been told.
        var judged: Set<ServiceKey> = []
    }

    /// How often the host's address is looked up: often while there is none.
    private static let lookEvery = Duration.seconds(15)
    private static let lookEveryWithout = Duration.seconds(1)

    private let session: RegistrationSession
    private let monitor: HealthMonitor
    private let follower: UnitFollower
    private let board: StatusBoard
    private let hostname: String
    private let primaryAddress: @Sendable () -> HostAddress?
    private let log: Logger
    private let state: Mutex<State>
    /// The services of which it was said that they wait for an address.
    private let saidToWait = Mutex<Set<ServiceName>>([])

    /// - Parameters:
    ///   - keeper: Knows what an earlier run left registered: that counts as well until its checks say
    ///     otherwise.
    ///   - primaryAddress: The host's address; asked now and then.
    init(
        services: [Configuration.Service],
        keeper: HealthKeeper,
        session: RegistrationSession,
        monitor: HealthMonitor,
        follower: UnitFollower,
        board: StatusBoard,
        hostname: String,
        primaryAddress: @escaping @Sendable () -> HostAddress?,
        log: Logger
    ) {
        self.session = session
        self.monitor = monitor
        self.follower = follower
        self.board = board
        self.hostname = hostname
        self.primaryAddress = primaryAddress
        self.log = log
        state = Mutex(State(services: [], address: primaryAddress()))
        setServices(services, presumedUp: keeper.left(of: keys(of: services)))
    }

    /// Registers what the configuration names now.
    func setServices(_ services: [Configuration.Service]) {
        let registered = session.statuses.filter { status in
            if case .registered = status.value { true } else { false }
        }
        setServices(services, presumedUp: Set(registered.keys))
    }

    private func setServices(_ services: [Configuration.Service], presumedUp: Set<ServiceKey>) {
        let checked = services.filter { !$0.checks.isEmpty }.compactMap { service in
            key(of: service).map { ServiceChecks($0, checks: service.checks) }
        }
        monitor.setServices(checked, presumedUp: presumedUp)
        follower.follow(monitor.units)
        state.withLock { state in
            state.services = services
            state.judged.formIntersection(checked.map(\.key))
            register(state)
        }
    }

    /// The health of a service has changed or is known for the first time, or what is said of it.
    func healthReported(_ report: HealthReport) {
        state.withLock { state in
            switch report {
            case .up(let key), .down(let key, _): state.judged.insert(key)
            case .reasonChanged, .dampingBegan, .dampingEnded: break
            case .checkFailing: return
            }
            register(state)
        }
    }

    private func keys(of services: [Configuration.Service]) -> Set<ServiceKey> {
        Set(services.compactMap(key))
    }

    /// A configuration that was loaded with this host name has an id for each service.
    private func key(of service: Configuration.Service) -> ServiceKey? {
        (try? service.instanceID(hostname: hostname)).map {
            ServiceKey(service: service.name, instance: $0)
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
            log.log(
                .addressChanged,
                address.text,
                metadata: ["before": "\(state.address?.text ?? "none")"]
            )
            state.address = address
            register(state)
        }
    }

    /// Says of each service once that it waits for an address, until it has one.
    private func sayWaiting(_ waiting: [ServiceName]) {
        let news = saidToWait.withLock { said in
            defer { said = Set(waiting) }
            return Set(waiting).subtracting(said)
        }
        for name in news.sorted() {
            log.log(
                .addressMissing,
                "\(name) \(PrimaryAddress.missing)",
                metadata: ["service": "\(name)"]
            )
        }
    }

    /// Under the lock, so that of two changes the later one stands.
    private func register(_ state: borrowing State) {
        var instances: [ServiceInstance] = []
        var beside: [ServiceKey: [SideRecord]] = [:]
        var waiting: [ServiceName] = []
        var troubles: [ServiceKey: String?] = [:]
        let verdicts = monitor.verdicts
        for service in state.services {
            if !service.checks.isEmpty, let key = key(of: service), let verdict = verdicts[key] {
                troubles.updateValue(verdict.isUp ? nil : verdict.words, forKey: key)
                if !verdict.isUp { continue }
            }
            guard let address = service.address ?? state.address else {
                waiting.append(service.name)
                continue
            }
            do throws(UnusableHostname) {
                let instance = try service.instance(
                    hostname: hostname,
                    primaryAddress: address
                )
                instances.append(instance)
                beside[instance.key] = service.beside(instance)
            } catch {
                // The configuration was loaded with this host name and so was refused before.
                log.log(.serviceUnusable, "\(service.name): \(error)")
            }
        }
        sayWaiting(waiting)
        let unwell = troubles.filter { $0.value != nil }
        let unjudged = Set(unwell.keys).subtracting(state.judged)
        // First: who reads the board must not find a service neither unwell nor on its way.
        session.register(instances, beside: beside)
        board.update { facts in
            facts.withoutAddress = waiting
            let (before, now) = (facts.health, Date())
            facts.health = Dictionary(
                uniqueKeysWithValues: troubles.map { key, trouble in
                    let old = before[key]
                    let isSame = old?.isWell == (trouble == nil)
                    let since = isSame ? old?.since ?? now : now
                    return (key, StatusBoard.Health(trouble: trouble, since: since))
                }
            )
            facts.unjudged = unjudged
        }
    }
}
