import Configuration
import EndpointFiles
import Registry
import Testing
import Texts

@testable import Daemon
@testable import HealthChecks

@Suite struct RegistrarMachineTests {
    private typealias Machine = RegistrarMachine

    private let web: ServiceName
    private let db: ServiceName
    private let host: HostAddress
    private let other: HostAddress
    /// What the name of the host and the port make.
    private let id: InstanceID
    private let check: CheckDefinition

    init() throws {
        web = try #require(ServiceName(declared: "web"))
        db = try #require(ServiceName(declared: "db"))
        host = try #require(HostAddress("10.0.0.1"))
        other = try #require(HostAddress("10.0.0.2"))
        id = try #require(InstanceID(declared: "host-80"))
        check = CheckDefinition(.tcp(try #require(TCPTarget("127.0.0.1:80"))))
    }

    // MARK: the address

    @Test func `a service without an address gets the host's`() {
        var machine = machine(at: host)
        #expect(
            named(&machine, [service(web)]) == [
                .check([], presumedUp: []), .register([instance(web, host)], companions: none(web)),
            ]
        )
    }

    @Test func `a service waits for the host's address, which is said once`() {
        var machine = machine(at: nil)
        #expect(
            named(&machine, [service(web)]) == [
                .check([], presumedUp: []), .reportWaiting(web), .register([], companions: [:]),
                .show(.init(withoutAddress: [web])),
            ]
        )
        #expect(machine.hostAddressObserved(nil, at: .seconds(1)) == [])
        #expect(
            machine.hostAddressObserved(host, at: .seconds(2)) == [
                .reportAddress(host, before: nil),
                .register([instance(web, host)], companions: none(web)), .show(.init()),
            ]
        )
    }

    @Test
    func
        `a service that waits is named again after a reload that changes nothing, and not reported`()
    {
        var machine = machine(at: nil)
        _ = named(&machine, [service(web)])
        #expect(named(&machine, [service(web)]) == [.check([], presumedUp: [])])
        // One that comes beside it is news.
        #expect(
            named(&machine, [service(web), service(db)]) == [
                .check([], presumedUp: []), .reportWaiting(db),
                .show(.init(withoutAddress: [web, db])),
            ]
        )
    }

    @Test func `an address that is gone for a moment changes nothing`() {
        var machine = machine(at: host)
        _ = named(&machine, [service(web)])
        #expect(machine.hostAddressObserved(nil, at: .seconds(15)) == [])
        #expect(machine.hostAddressObserved(host, at: .seconds(30)) == [])
    }

    @Test func `another address is registered and reported`() {
        var machine = machine(at: host)
        _ = named(&machine, [service(web)])
        #expect(
            machine.hostAddressObserved(other, at: .seconds(15)) == [
                .reportAddress(other, before: host),
                .register([instance(web, other)], companions: none(web)),
            ]
        )
    }

    @Test func `a service with an address of its own does not follow the host's`() throws {
        let address = try #require(HostAddress("192.0.2.7"))
        var own = service(db)
        own.address = address
        var machine = machine(at: nil)
        #expect(
            named(&machine, [service(web), own]) == [
                .check([], presumedUp: []), .reportWaiting(web),
                .register([instance(db, address)], companions: none(db)),
                .show(.init(withoutAddress: [web])),
            ]
        )
    }

    @Test func `the address is looked up every second while there is none, and every 15 s then`() {
        var machine = machine(at: nil)
        _ = named(&machine, [service(web)])
        #expect(machine.deadline == .seconds(1))
        #expect(machine.timePassed(to: .milliseconds(999)) == [])
        #expect(machine.timePassed(to: .seconds(1)) == [.lookUpAddress])
        // Not again before that one has ended.
        #expect(machine.deadline == nil)
        #expect(machine.timePassed(to: .seconds(9)) == [])
        _ = machine.hostAddressObserved(nil, at: .seconds(9))
        #expect(machine.deadline == .seconds(10))
        _ = machine.hostAddressObserved(host, at: .seconds(10))
        #expect(machine.deadline == .seconds(25))
        _ = machine.hostAddressObserved(nil, at: .seconds(25))
        #expect(machine.deadline == .seconds(40))
    }

    @Test func `the address is not looked up while every service has its own`() throws {
        let address = try #require(HostAddress("192.0.2.7"))
        var own = service(db)
        own.address = address
        var machine = machine(at: host)
        #expect(machine.deadline == nil)
        _ = named(&machine, [own])
        #expect(machine.deadline == nil)
        #expect(machine.timePassed(to: .seconds(60)) == [])
        // What was due long ago is done at once when a service comes that follows it.
        _ = named(&machine, [own, service(web)])
        #expect(machine.deadline == .seconds(15))
        #expect(machine.timePassed(to: .seconds(60)) == [.lookUpAddress])
    }

    @Test func `an address before any service is named registers nothing`() {
        var machine = machine(at: nil)
        #expect(
            machine.hostAddressObserved(host, at: .seconds(1)) == [
                .reportAddress(host, before: nil)
            ]
        )
    }

    // MARK: health

    @Test func `a service with a check is not registered before its first judgement`() {
        var machine = machine(at: host)
        let checked = service(web, [check])
        let down = Machine.Verdict.down("no answer yet")
        #expect(
            named(&machine, [checked], verdicts: [key(web): down]) == [
                .check([ServiceChecks(key(web), checks: [check])], presumedUp: []),
                .register([], companions: [:]),
                .show(.init(health: [key(web): down], unjudged: [key(web)])),
            ]
        )
        #expect(
            machine.healthReported(.up(key(web)), verdicts: [key(web): .up]) == [
                .register([instance(web, host)], companions: none(web)),
                .show(.init(health: [key(web): .up])),
            ]
        )
    }

    @Test
    func `a check that fails at its first judgement makes the service judged, not registered`() {
        var machine = machine(at: host)
        let (before, after) = (
            Machine.Verdict.down("no answer yet"), Machine.Verdict.down("refused")
        )
        _ = named(&machine, [service(web, [check])], verdicts: [key(web): before])
        #expect(
            machine.healthReported(.down(key(web), .any), verdicts: [key(web): after]) == [
                .show(.init(health: [key(web): after]))
            ]
        )
    }

    @Test func `a check that fails takes out its service and no other`() {
        var machine = machine(at: host)
        _ = named(
            &machine,
            [service(web, [check]), service(db)],
            registered: [key(web)],
            verdicts: [key(web): .up]
        )
        let down = Machine.Verdict.down("refused")
        #expect(
            machine.healthReported(.down(key(web), .any), verdicts: [key(web): down]) == [
                .register([instance(db, host)], companions: none(db)),
                .show(.init(health: [key(web): down])),
            ]
        )
        #expect(
            machine.healthReported(
                .checkFailing(key(web), check: "", saw: "", fall: 3),
                verdicts: [:]
            )
                == []
        )
        let reason = Machine.Verdict.down("timeout")
        #expect(
            machine.healthReported(.reasonChanged(key(web), .any), verdicts: [key(web): reason])
                == [
                    .show(.init(health: [key(web): reason]))
                ]
        )
    }

    @Test
    func `what an earlier run left is presumed to be up, and what is not named is not asked of`() {
        var machine = machine(at: host)
        #expect(
            named(
                &machine,
                [service(web, [check]), service(db)],
                registered: [key(web), key(db)],
                verdicts: [key(web): .up]
            ) == [
                .check(
                    [ServiceChecks(key(web), checks: [check])],
                    presumedUp: [key(web), key(db)]
                ),
                .register(
                    [instance(web, host), instance(db, host)],
                    companions: none(web, db)
                ),
                .show(.init(health: [key(web): .up])),
            ]
        )
        // The other has left the configuration since.
        #expect(
            named(
                &machine,
                [service(web, [check])],
                registered: [key(web), key(db)],
                verdicts: [key(web): .up]
            )
            .first
                == .check([ServiceChecks(key(web), checks: [check])], presumedUp: [key(web)])
        )
    }

    @Test func `a reload that adds a check to what is registered withdraws nothing`() {
        var machine = machine(at: host)
        _ = named(&machine, [service(web)])
        #expect(
            named(
                &machine,
                [service(web, [check])],
                registered: [key(web)],
                verdicts: [key(web): .up]
            ) == [
                .check([ServiceChecks(key(web), checks: [check])], presumedUp: [key(web)]),
                .show(.init(health: [key(web): .up])),
            ]
        )
    }

    @Test func `a reload that removes the check that fails registers the service`() {
        var machine = machine(at: host)
        let down = Machine.Verdict.down("refused")
        _ = named(&machine, [service(web, [check])], verdicts: [key(web): down])
        #expect(
            named(&machine, [service(web)]) == [
                .check([], presumedUp: []), .register([instance(web, host)], companions: none(web)),
                .show(.init()),
            ]
        )
        // A report that comes late judges nothing that has no checks.
        #expect(machine.healthReported(.up(key(web)), verdicts: [:]) == [])
        #expect(
            named(&machine, [service(web, [check])], verdicts: [key(web): down]).last
                == .show(.init(health: [key(web): down], unjudged: [key(web)]))
        )
    }

    @Test func `what is down and has no address is down, not waiting`() {
        var machine = machine(at: nil)
        let down = Machine.Verdict.down("refused")
        _ = named(&machine, [service(web, [check])], verdicts: [key(web): down])
        #expect(
            machine.healthReported(.up(key(web)), verdicts: [key(web): .up]) == [
                .reportWaiting(web),
                .show(.init(withoutAddress: [web], health: [key(web): .up])),
            ]
        )
    }

    // MARK: what is registered

    @Test func `nothing is registered while the verdicts are not known`() {
        var machine = machine(at: host)
        let actions = machine.servicesChanged(to: [service(web)]) { _ in [] }
        #expect(actions == [.check([], presumedUp: [])])
        #expect(
            machine.hostAddressObserved(other, at: .seconds(1)) == [
                .reportAddress(other, before: host)
            ]
        )
        #expect(
            machine.verdictsRead([:]) == [.register([instance(web, other)], companions: none(web))]
        )
    }

    @Test func `a service that leaves the configuration leaves the registry`() {
        var machine = machine(at: host)
        _ = named(&machine, [service(web), service(db)])
        #expect(
            named(&machine, [service(db)]) == [
                .check([], presumedUp: []), .register([instance(db, host)], companions: none(db)),
            ]
        )
        #expect(
            named(&machine, []) == [.check([], presumedUp: []), .register([], companions: [:])]
        )
    }

    @Test func `a service that is told in DNS has its companion record`() throws {
        var told = service(web)
        told.skyDNSDomain = DomainName("cluster.local")
        let record = try #require(
            SkyDNSRecord.record(of: instance(web, host), domain: "cluster.local")
        )
        var machine = machine(at: host)
        #expect(
            named(&machine, [told]).last
                == .register([instance(web, host)], companions: [key(web): [record]])
        )
    }

    @Test func `a host name that makes no id is reported once until the services change`() throws {
        var machine = Machine(hostname: "localhost", address: host, at: .zero)
        let unusable = try #require(throws: UnusableHostname.self) {
            try UnusableHostname.instanceID(hostname: "localhost", port: 80)
        }
        #expect(
            named(&machine, [service(web)]) == [
                .check([], presumedUp: []), .reportUnusable(web, unusable),
                .register([], companions: [:]),
            ]
        )
        #expect(
            machine.hostAddressObserved(other, at: .zero) == [.reportAddress(other, before: host)]
        )
        #expect(named(&machine, [service(web)]).count == 2)
    }

    // MARK: short ways

    private func machine(at address: HostAddress?) -> Machine {
        Machine(hostname: "host", address: address, at: .zero)
    }

    /// Names the services, and tells the verdicts when they are asked for.
    private func named(
        _ machine: inout Machine,
        _ services: [Configuration.Service],
        registered: Set<ServiceKey> = [],
        verdicts: [ServiceKey: Machine.Verdict] = [:]
    ) -> [Machine.Action] {
        machine.servicesChanged(to: services) { _ in registered } + machine.verdictsRead(verdicts)
    }

    private func service(
        _ name: ServiceName,
        _ checks: [CheckDefinition] = []
    ) -> Configuration.Service {
        var service = Configuration.Service(name: name, port: 80)
        service.checks = checks
        return service
    }

    private func key(_ name: ServiceName) -> ServiceKey { ServiceKey(service: name, instance: id) }

    private func instance(_ name: ServiceName, _ address: HostAddress) -> ServiceInstance {
        ServiceInstance(key: key(name), address: address, port: 80)
    }

    private func none(_ names: ServiceName...) -> [ServiceKey: [CompanionRecord]] {
        Dictionary(uniqueKeysWithValues: names.map { (key($0), []) })
    }
}

extension HealthReason {
    fileprivate static var any: HealthReason {
        HealthReason(check: "tcp 127.0.0.1:80", saw: "refused", since: .zero, lasted: .zero)
    }
}
