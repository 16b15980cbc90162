import Machines
import Testing

@testable import Registry

/// A host, or one of its services, that wants no new traffic.
@Suite struct DrainingTests {
    private let settings: RegistrationMachine.Settings
    private let web: ServiceInstance
    private let db: ServiceInstance

    init() throws {
        settings = RegistrationMachine.Settings(owner: try #require(OwnerID("host-a")))
        web = try RegistrationMachineTests.instance("web", "web-1")
        db = try RegistrationMachineTests.instance("db", "db-1")
    }

    @Test func aDrainedServiceIsPutAgainOnceUnderTheSameLeaseAndTheOthersAreNot() throws {
        var (machine, lease) = try registered([web, db])
        let claims = machine.drainsChanged(to: webOnly, at: .seconds(1)).claims
        #expect(claims.map(\.instance) == [web.key] && claims.map(\.lease) == [lease])
        #expect(try states(claims) == [.draining])
        #expect(!machine.isAsWanted)
        let actions = machine.claimAnswered(
            web.key,
            lease: lease,
            .claimed(at: 7),
            at: .seconds(1)
        )
        // It was registered all the time.
        #expect(actions == [.report(.updated(web.key, .draining, at: 7))])
        #expect(machine.isAsWanted)
        #expect(machine.drainsChanged(to: webOnly, at: .seconds(2)).claims.isEmpty)
    }

    @Test func theEndOfADrainPutsTheServiceBack() throws {
        var (machine, lease) = try registered([web])
        _ = machine.drainsChanged(to: webOnly, at: .zero)
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 7), at: .zero)
        let claims = machine.drainsChanged(to: Drains(), at: .seconds(1)).claims
        #expect(try states(claims) == [.up])
    }

    @Test func aDrainThatEndsWhileItIsBeingPutIsPutRightAfterwards() throws {
        var (machine, lease) = try registered([web])
        _ = machine.drainsChanged(to: webOnly, at: .zero)
        #expect(machine.drainsChanged(to: Drains(), at: .zero).claims.isEmpty)
        let actions = machine.claimAnswered(web.key, lease: lease, .claimed(at: 7), at: .zero)
        #expect(try states(actions.claims) == [.up])
    }

    @Test func whatWasDrainedBeforeTheStartIsNeverPutAsInService() throws {
        var machine = RegistrationMachine(settings, generator: SeededGenerator(seed: 42))
        _ = machine.drainsChanged(to: Drains(everything: true), at: .zero)
        _ = machine.servicesChanged(to: [web, db], at: .zero)
        let actions = try machine.startedAndGranted().actions
        #expect(try states(actions.claims) == [.draining, .draining])
    }

    @Test func aServiceThatComesToADrainedHostDrainsToo() throws {
        var (machine, _) = try registered([web])
        _ = machine.drainsChanged(to: Drains(everything: true), at: .zero)
        let claims = machine.servicesChanged(to: [web, db], at: .zero).claims
        #expect(try states(claims) == [.draining])
    }

    @Test func theWatchTellingOfADrainedKeyIsNoLoss() throws {
        var (machine, lease) = try registered([web])
        let claim = try #require(
            machine.drainsChanged(to: webOnly, at: .zero).claims.first
        )
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 7), at: .zero)
        let news = StoredRecord(
            key: StoreKey(claim.key),
            value: claim.value,
            createRevision: 5,
            modRevision: 8,
            version: 2,
            lease: lease
        )
        #expect(machine.keysHeard(.events([.put(news)]), at: .seconds(1)).isEmpty)
        #expect(machine.statuses[web.key] == .registered(lease: lease, at: 8))
    }

    @Test func aDrainedKeyThatIsLostComesBackDrained() throws {
        var (machine, lease) = try registered([web])
        _ = machine.drainsChanged(to: webOnly, at: .zero)
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 7), at: .zero)
        let deletion = StoreEvent.deleted(key: "services/web/web-1", at: 9)
        _ = machine.keysHeard(.events([deletion]), at: .seconds(20))
        var again: [Claim] = []
        while again.isEmpty {
            let due = try #require(machine.deadline)
            try #require(due < .seconds(60))
            again = machine.timePassed(to: due).claims
        }
        #expect(try states(again) == [.draining])
    }

    // MARK: parts

    private var webOnly: Drains { Drains(services: [web.key.service]) }

    private func registered(
        _ instances: [ServiceInstance]
    ) throws -> (RegistrationMachine, LeaseID) {
        var machine = RegistrationMachine(settings, generator: SeededGenerator(seed: 42))
        _ = machine.servicesChanged(to: instances, at: .zero)
        let lease = try machine.startedAndGranted().lease
        for instance in instances {
            _ = machine.claimAnswered(instance.key, lease: lease, .claimed(at: 5), at: .zero)
        }
        return (machine, lease)
    }

    private func states(_ claims: [Claim]) throws -> [EndpointState] {
        try claims.map { try RecordCodec.decode($0.value, key: $0.instance).state }
    }
}
