import Configuration
import HealthChecks
import Machines
import Registry
import ServiceLifecycle
import Synchronization
import Texts

/// Registers the configured services: runs a ``RegistrarMachine`` on the checks, the registration and the host's
/// routing table.
final class Registrar: Service {
    private typealias Machine = RegistrarMachine

    private let session: RegistrationSession
    private let monitor: HealthMonitor
    private let follower: UnitFollower
    private let events: DaemonEvents
    private let primaryAddress: @Sendable () -> HostAddress?
    private let driver: MachineDriver<RegistrarMachine>
    /// Held while the actions of an event are done, so that of two changes the later one stands. They are done by
    /// whoever tells of the event: when that returns, the status shows the change.
    private let order = Mutex<Void>(())
    /// Held while the address is looked up, so that what was found later is told later.
    private let looking = Mutex(())

    /// Begins to check and to register.
    ///
    /// - Parameters:
    ///   - earlier: What an earlier run left registered counts as well until its checks say otherwise.
    ///   - primaryAddress: Returns the host's address; asked now and then.
    init(
        services: [Configuration.Service],
        earlier: EarlierRun,
        session: RegistrationSession,
        monitor: HealthMonitor,
        follower: UnitFollower,
        events: DaemonEvents,
        hostname: String,
        primaryAddress: @escaping @Sendable () -> HostAddress?,
        timeline: Timeline
    ) {
        self.session = session
        self.monitor = monitor
        self.follower = follower
        self.events = events
        self.primaryAddress = primaryAddress
        driver = MachineDriver(
            RegistrarMachine(
                hostname: hostname,
                address: primaryAddress(),
                at: timeline.now
            ),
            timeline: timeline
        )
        happened { machine, _ in machine.servicesChanged(to: services, registered: earlier.left) }
    }

    /// Registers what the configuration names now, and nothing else.
    func setServices(_ services: [Configuration.Service]) {
        // It is not looked up while nobody follows it, so it may be another one by now.
        if services.contains(where: { $0.address == nil }) { lookUpAddress() }
        // A new check withdraws nothing before it has said something: also where etcd has not answered to the last
        // change of a record yet.
        let standing = session.standing
        happened { machine, _ in
            machine.servicesChanged(to: services) { $0.intersection(standing) }
        }
    }

    /// Tells that the health of a service changed or is known for the first time, or why it is down.
    func healthReported(_ report: HealthReport) {
        happened { [monitor] machine, _ in
            machine.healthReported(report, verdicts: Self.verdicts(of: monitor))
        }
    }

    /// Looks up the host's address now and then, until the daemon stops.
    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await driver.run { [self] action in
                guard case .lookUpAddress = action else {
                    // What happened was told elsewhere, and its actions were done there.
                    order.withLock { _ in perform([action]) }
                    return nil
                }
                return { [self] in lookUpAddress() }
            }
        }
    }

    private func lookUpAddress() {
        looking.withLock { _ in
            let found = primaryAddress()
            happened { machine, now in machine.hostAddressObserved(found, at: now) }
        }
    }

    // MARK: doing

    private typealias Event = (_ machine: inout RegistrarMachine, _ now: Duration) -> [Machine
        .Action]

    private func happened(_ event: Event) {
        order.withLock { _ in perform(actions(after: event)) }
    }

    private func actions(after event: Event) -> [Machine.Action] {
        var actions: [Machine.Action] = []
        driver.happened(event) { action in
            actions.append(action)
            return {}
        }
        return actions
    }

    private func perform(_ actions: [Machine.Action]) {
        for action in actions {
            switch action {
            case .check(let services, let presumedUp):
                monitor.setServices(services, presumedUp: presumedUp)
                follower.follow(monitor.units)
                let verdicts = Self.verdicts(of: monitor)
                perform(self.actions { machine, _ in machine.verdictsRead(verdicts) })
            case .register(let instances, let companions):
                session.register(instances, companions: companions)
            case .show(let summary): events.happened(.services(summary))
            case .lookUpAddress: break
            case .reportAddress(let address, let before):
                events.happened(.registrar(.addressChanged(address, before: before)))
            case .reportWaiting(let name): events.happened(.registrar(.addressMissing(name)))
            case .reportUnusable(let name, let reason):
                events.happened(.registrar(.serviceUnusable(name, reason)))
            }
        }
    }

    private static func verdicts(
        of monitor: HealthMonitor
    ) -> [ServiceKey: RegistrarMachine.Verdict] {
        monitor.verdicts.mapValues { $0.isUp ? .up : .down($0.summary) }
    }
}
