import Machines
import Texts

@testable import Registry

/// A host: its two machines, and what its drivers would hold.
struct SimulatedHost {
    enum Action {
        case registration(RegistrationMachine.Action)
        case watch(WatchMachine.Action)
    }

    typealias Event = (inout SimulatedHost, Duration) -> [Action]

    let index: Int
    /// Counts its lives; events of an earlier one are lost.
    private(set) var life = 0
    private(set) var isAlive = false
    private var registrationMachine: RegistrationMachine
    private var watchMachine: WatchMachine

    var alarm: Duration?
    var pausedUntil = Duration.zero
    /// What came during a pause.
    var deferred: [Event] = []
    var keepAlives: [Int: LeaseID] = [:]
    var watchStream: Int?
    var isWatchSilent = false
    var lastDelivery = Duration.zero
    var published: TableUpdate?
    /// What it has on its disk: the lease of its last life.
    var kept: SavedLease?
    /// A change was kept from its watch, so its list may be what never was.
    var isMisled = false
    /// How its next life is to begin when it has stopped as it was told.
    var restart: Duration?

    init(index: Int, seed: UInt64) {
        self.index = index
        (registrationMachine, watchMachine) = Self.machines(index, seed, nil)
    }

    // MARK: lives

    mutating func begin(seed: UInt64) {
        end()
        isAlive = true
        // Read from the disk as it was written.
        let kept = kept.flatMap { SavedLease($0.bytes) }
        (registrationMachine, watchMachine) = Self.machines(index, seed, kept)
    }

    /// Nothing is given back, as in a crash.
    mutating func end() {
        life += 1
        isAlive = false
        alarm = nil
        deferred = []
        keepAlives = [:]
        published = nil
        isMisled = false
        closeWatch()
    }

    mutating func started(at now: Duration) -> [Action] {
        let (services, companions) = (services, companions)
        return registration {
            $0.servicesChanged(to: services, companions: companions, at: now) + $0.started(at: now)
        }
            + watch { $0.started() }
    }

    mutating func timePassed(to now: Duration) -> [Action] {
        registration { $0.timePassed(to: now) } + watch { $0.timePassed(to: now) }
    }

    var deadline: Duration? {
        [registrationMachine.deadline, watchMachine.deadline].compactMap { $0 }.min()
    }

    mutating func closeWatch() {
        watchStream = nil
        isWatchSilent = false
    }

    // MARK: machines

    mutating func registration(
        _ event: (inout RegistrationMachine) -> [RegistrationMachine.Action]
    ) -> [Action] {
        event(&registrationMachine).map(Action.registration)
    }

    mutating func watch(_ event: (inout WatchMachine) -> [WatchMachine.Action]) -> [Action] {
        event(&watchMachine).map(Action.watch)
    }

    var newest: TableUpdate? { watchMachine.newest }
    var statuses: [ServiceKey: RegistrationStatus] { registrationMachine.statuses }
    var leaseID: LeaseID? { registrationMachine.leaseID }

    /// Two services, each host its own instances.
    var services: [ServiceInstance] {
        ["web", "db"].compactMap { name in
            guard let service = ServiceName(declared: name),
                let instance = InstanceID(declared: "host-\(index)"),
                let address = HostAddress("10.0.0.\(index + 1)")
            else { return nil }
            return ServiceInstance(
                key: ServiceKey(service: service, instance: instance),
                address: address,
                port: 80
            )
        }
    }

    /// One of the two is told to others as well, in each life under another name.
    var companions: [ServiceKey: [CompanionRecord]] {
        guard let web = services.first,
            let record = SkyDNSRecord.record(of: web, domain: "life-\(life / 2 % 2).test")
        else { return [:] }
        return [web.key: [record]]
    }

    static func owner(_ index: Int) -> OwnerID? { OwnerID("owner-\(index)") }

    static func settings(_ index: Int) -> RegistrationMachine.Settings {
        guard let owner = owner(index) else { preconditionFailure("the name is an owner") }
        var settings = RegistrationMachine.Settings(owner: owner)
        settings.reviewEvery = .seconds(15)
        return settings
    }

    /// How long lost endpoints are held.
    static let hold = Duration.seconds(20)

    private static func machines(
        _ index: Int,
        _ seed: UInt64,
        _ kept: SavedLease?
    ) -> (RegistrationMachine, WatchMachine) {
        var generator = SeededGenerator(seed: seed)
        var watching = WatchMachine.Settings()
        watching.lossHold = hold
        watching.auditEvery = .seconds(15)
        return (
            RegistrationMachine(settings(index), continuing: kept, generator: generator.split()),
            WatchMachine(watching, generator: generator.split())
        )
    }
}
