import Machines
import Testing

@testable import Registry

/// A host with many services, in a fleet that changes all the time.
@Suite struct ManyServicesTests {
    private let instances: [ServiceInstance]
    private let settings: RegistrationMachine.Settings

    init() throws {
        settings = RegistrationMachine.Settings(owner: try #require(OwnerID("host-a")))
        instances = try (0..<300).map {
            try RegistrationMachineTests.instance("service-\($0)", "one")
        }
    }

    @Test func `what others register and take back is none of its business`() throws {
        let (machine, lease) = try registered()
        let other = try RegistrationMachineTests.instance("service-7", "another")
        let key = StoreKey(other.key, under: settings.prefix)
        let foreign = StoreEvent.deleted(key: key, at: 9000)
        #expect(!machine.isConcerned(by: .events([foreign, foreign])))
        let own = StoreKey(instances[7].key, under: settings.prefix)
        #expect(machine.isConcerned(by: .events([foreign, .deleted(key: own, at: 9001)])))
        // Nobody named it, and our keep-alives keep it.
        let stray = StoredRecord(
            key: key,
            value: [],
            createRevision: 1,
            modRevision: 9002,
            version: 1,
            lease: lease
        )
        #expect(machine.isConcerned(by: .events([.put(stray)])))
        #expect(machine.isConcerned(by: .listed(at: 9003, isRestored: false)))
    }

    @Test func `one that is lost among many is put again and so is one that changed`() throws {
        var (machine, _) = try registered()
        let own = StoreKey(instances[7].key, under: settings.prefix)
        _ = machine.keysHeard(.events([.deleted(key: own, at: 9000)]), at: .seconds(1))
        var changed = instances
        changed[120].weight = 7
        var claimed: Set<ServiceKey> = []
        var actions = machine.servicesChanged(to: changed, at: .seconds(1))
        while claimed.count < 2 {
            for case .claim(let claim) in actions { claimed.insert(claim.instance) }
            actions = machine.timePassed(to: try #require(machine.deadline))
        }
        #expect(claimed == [instances[7].key, instances[120].key])
        for index in instances.indices { changed[index].weight = 9 }
        let all = machine.servicesChanged(to: changed, at: .seconds(20))
        #expect(all.count { if case .claim = $0 { true } else { false } } > 0)
    }

    private func registered() throws -> (RegistrationMachine, LeaseID) {
        var machine = RegistrationMachine(settings, generator: SeededGenerator(seed: 1))
        _ = machine.servicesChanged(to: instances, at: .zero)
        var actions = machine.started(at: .zero)
        let granted = actions.compactMap { action -> LeaseID? in
            if case .grant(let id, _) = action { id } else { nil }
        }
        let lease = try #require(granted.first)
        actions = machine.leaseGranted(lease, ttl: .seconds(10), sent: .zero, at: .zero)
        var claims: [Claim] = []
        for number in 1...instances.count {
            for case .claim(let claim) in actions { claims.append(claim) }
            let next = claims.popLast()
            let claim = try #require(next)
            actions = machine.claimAnswered(
                claim.instance,
                lease: lease,
                .claimed(at: Revision(rawValue: Int64(number))),
                at: .zero
            )
        }
        try #require(machine.isSettled)
        return (machine, lease)
    }
}
