import Configuration
import HealthChecks
import Machines
import Registry
import Texts

/// Decides which of the configured services are registered, and as what: those that have an address and whose
/// checks pass. Services that name no address follow the host's.
///
/// A service is in one of the states of ``Standing``; all of them are computed anew from the same three inputs
/// after each event, so that no order of events makes a difference.
struct RegistrarMachine: StateMachine {
    /// The verdict of a service's checks.
    enum Verdict: Hashable, Sendable {
        /// All pass.
        case up
        /// A check fails, or the return is held back; why, for people.
        case down(String)

        var isUp: Bool { self == .up }

        /// The observation of the check that fails; `nil` when all pass.
        var trouble: String? {
            switch self {
            case .up: nil
            case .down(let why): why
            }
        }
    }

    /// Names the services that something stands in the way of, for whoever shows it.
    struct Summary: Hashable, Sendable {
        /// Services that have no address to be registered at, in the order of the configuration.
        var withoutAddress: [ServiceName] = []
        /// How the services are that have checks.
        var health: [ServiceKey: Verdict] = [:]
        /// Services that are down whose checks have not said enough yet: how they are was presumed.
        var unjudged: Set<ServiceKey> = []
    }

    enum Action: Equatable, Sendable {
        /// Check these services and no others; then tell the verdicts, see ``verdictsRead(_:)``. Those that are
        /// presumed to be up are registered already.
        case check([ServiceChecks], presumedUp: Set<ServiceKey>)
        /// Register these instances and no others, with their companion records.
        case register([ServiceInstance], companions: [ServiceKey: [CompanionRecord]])
        /// Show this from now on.
        case show(Summary)
        /// Look up the host's address; see ``hostAddressObserved(_:at:)``.
        case lookUpAddress
        /// Report that the host's address is another one.
        case reportAddress(HostAddress, before: HostAddress?)
        /// Report that a service waits for an address. Said once until it has one.
        case reportWaiting(ServiceName)
        /// Report that a service has no instance id. Said once until the services change.
        case reportUnusable(ServiceName, UnusableHostname)
    }

    /// How far one service is.
    private enum Standing {
        /// Its checks pass, if it has any, and it has an address. Can go to `unhealthy`, `waiting`.
        case registered(ServiceInstance, [CompanionRecord])
        /// A check fails. Can go to `registered`, `waiting`.
        case unhealthy
        /// Its checks pass, if it has any, and there is no address yet. Can go to `registered`, `unhealthy`.
        case waiting
        /// The name of this host makes no id for it. This state is terminal.
        case unusable(UnusableHostname)
    }

    /// How far the machine is with the services that were named last.
    private enum Stage {
        /// None were named. Can go to `checking`.
        case idle
        /// Their checks are set up, the verdicts on them are not known. Can go to `following`.
        case checking
        /// All verdicts are known. Can go to `checking`.
        case following
    }

    /// How often the host's address is looked up: often while there is none.
    private static let lookEvery = Duration.seconds(15)
    private static let lookEveryWithout = Duration.seconds(1)

    private let hostname: String
    private var stage = Stage.idle
    private var services: [Configuration.Service] = []
    private var address: HostAddress?
    private var verdicts: [ServiceKey: Verdict] = [:]
    /// The services with checks.
    private var checked: Set<ServiceKey> = []
    /// Those of them whose health has been reported.
    private var judged: Set<ServiceKey> = []
    /// When the address is looked up next, if a service wants it; `nil` while that is under way.
    private var nextLook: Duration?

    // What was said last, so that the same is not said again.
    private var lastRegistered: Action?
    private var lastShown = Summary()
    private var lastWaiting: Set<ServiceName> = []
    private var lastUnusable: Set<ServiceName> = []

    /// A machine without services.
    ///
    /// - Parameters:
    ///   - hostname: Makes the ids of services that name none.
    ///   - address: The host's address as it is now, if it has one.
    init(hostname: String, address: HostAddress?, at now: Duration) {
        self.hostname = hostname
        self.address = address
        nextLook = now + (address == nil ? Self.lookEveryWithout : Self.lookEvery)
    }

    // MARK: events

    /// The configuration names these services now.
    ///
    /// - Parameter registered: Returns which of the named services are in the registry already: left by an earlier
    ///   run, or registered by this one. They count as up until their checks say otherwise, so that neither a
    ///   restart nor a new check withdraws anything.
    mutating func servicesChanged(
        to services: [Configuration.Service],
        registered: (Set<ServiceKey>) -> Set<ServiceKey>
    ) -> [Action] {
        self.services = services
        stage = .checking
        lastUnusable = []
        let checks = services.filter { !$0.checks.isEmpty }.compactMap { service in
            key(of: service).map { ServiceChecks($0, checks: service.checks) }
        }
        checked = Set(checks.map(\.key))
        judged.formIntersection(checked)
        let named = Set(services.compactMap(key))
        return [.check(checks, presumedUp: registered(named).intersection(named))]
    }

    /// The verdicts on the services with checks as they are now.
    mutating func verdictsRead(_ verdicts: [ServiceKey: Verdict]) -> [Action] {
        self.verdicts = verdicts
        if case .checking = stage { stage = .following }
        return update()
    }

    /// The health of a service changed or is known for the first time, or why it is down.
    ///
    /// - Parameter verdicts: As they are now, which may be newer than the report.
    mutating func healthReported(
        _ report: HealthReport,
        verdicts: [ServiceKey: Verdict]
    ) -> [Action] {
        switch report {
        case .up(let key), .down(let key, _):
            // A report may come late, of a service that has no checks any more.
            if checked.contains(key) { judged.insert(key) }
        case .reasonChanged, .dampingBegan, .dampingEnded: break
        case .checkFailing: return []
        }
        self.verdicts = verdicts
        return update()
    }

    /// The host's address was looked up.
    ///
    /// - Parameter found: `nil` when the host has none now. The last one stays then: a route that is gone for a
    ///   moment is no reason to leave the registry.
    mutating func hostAddressObserved(_ found: HostAddress?, at now: Duration) -> [Action] {
        let before = address
        address = found ?? before
        nextLook = now + (address == nil ? Self.lookEveryWithout : Self.lookEvery)
        guard let found, found != before else { return [] }
        return [.reportAddress(found, before: before)] + update()
    }

    // MARK: time

    /// As ``StateMachine/deadline`` says.
    var deadline: Duration? { followsHost ? nextLook : nil }

    /// As ``StateMachine/timePassed(to:)`` says.
    mutating func timePassed(to now: Duration) -> [Action] {
        guard let due = deadline, due <= now else { return [] }
        nextLook = nil
        return [.lookUpAddress]
    }

    /// Whether a service goes wherever the host's address goes.
    private var followsHost: Bool { services.contains { $0.address == nil } }

    // MARK: what follows

    private mutating func update() -> [Action] {
        guard case .following = stage else { return [] }
        var instances: [ServiceInstance] = []
        var companions: [ServiceKey: [CompanionRecord]] = [:]
        var waiting: [ServiceName] = []
        var actions: [Action] = []
        for service in services {
            switch standing(of: service) {
            case .registered(let instance, let records):
                instances.append(instance)
                companions[instance.key] = records
            case .waiting: waiting.append(service.name)
            case .unhealthy: break
            case .unusable(let reason):
                if lastUnusable.insert(service.name).inserted {
                    actions.append(.reportUnusable(service.name, reason))
                }
            }
        }
        actions += Set(waiting).subtracting(lastWaiting).sorted().map(Action.reportWaiting)
        lastWaiting = Set(waiting)
        // Before the summary: who reads the status must not find a service neither unwell nor on its way.
        let registration = Action.register(instances, companions: companions)
        if registration != lastRegistered { actions.append(registration) }
        lastRegistered = registration
        let summary = summary(withoutAddress: waiting)
        if summary != lastShown { actions.append(.show(summary)) }
        lastShown = summary
        return actions
    }

    private func standing(of service: Configuration.Service) -> Standing {
        if let key = key(of: service), checked.contains(key), verdicts[key]?.isUp == false {
            return .unhealthy
        }
        guard let address = service.address ?? address else { return .waiting }
        do throws(UnusableHostname) {
            let instance = try service.instance(hostname: hostname, primaryAddress: address)
            return .registered(instance, service.companions(of: instance))
        } catch {
            // The configuration was loaded with this host name and so was refused before.
            return .unusable(error)
        }
    }

    private func summary(withoutAddress: [ServiceName]) -> Summary {
        let health = verdicts.filter { checked.contains($0.key) }
        let down = health.filter { !$0.value.isUp }.keys
        return Summary(
            withoutAddress: withoutAddress,
            health: health,
            unjudged: Set(down).subtracting(judged)
        )
    }

    /// A configuration that was loaded with this host name has an id for each service.
    private func key(of service: Configuration.Service) -> ServiceKey? {
        // It never throws then.
        (try? service.instanceID(hostname: hostname)).map {
            ServiceKey(service: service.name, instance: $0)
        }
    }
}

extension HealthVerdict {
    /// Why a service is not registered, for STATUS= and the status file.
    var summary: String {
        switch state {
        case .up: "its checks pass"
        case .down(let reason): "\(reason.check): \(reason.saw)"
        case .damped: "flapping, not registered for now although its checks pass"
        }
    }
}
