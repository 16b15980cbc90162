import Registry
import TestKit
import Testing

/// Session and watcher together, on the store in memory and a clock that the test moves.
@Suite struct DriversTests {
    @Test func aServiceIsRegisteredAndSeenByAnotherHost() async throws {
        try await World.with { world in
            let host = try world.addHost("a", services: ["web": 8080])
            try await world.until("registered") { host.isSettled }
            try await world.until("seen") { host.keys == ["web/a-8080"] }
            #expect(world.store.leases.count == 1)
        }
    }

    @Test func aLeaseThatEndsIsReplacedAndTheKeyIsBack() async throws {
        try await World.with { world in
            let host = try world.addHost("a", services: ["web": 8080])
            try await world.until("seen") { host.keys == ["web/a-8080"] }
            let before = try #require(host.session.leaseID)
            world.store.endLease(before)
            try await world.until("back under a new lease") {
                host.session.leaseID != before && host.isSettled
                    && host.keys == ["web/a-8080"]
            }
            #expect(world.store.leases.count == 1)
        }
    }

    @Test func anOwnKeyDeletedOrOverwrittenByHandIsBack() async throws {
        try await World.with { world in
            let host = try world.addHost("a", services: ["web": 8080])
            try await world.until("seen") { host.keys == ["web/a-8080"] }
            world.store.delete("services/web/a-8080")
            try await world.until("back") {
                world.store.records["services/web/a-8080"]?.lease == host.session.leaseID
            }
            world.store.put("services/web/a-8080", Array("6.6.6.6:66".utf8))
            try await world.until("ours again") {
                world.store.records["services/web/a-8080"]?.lease == host.session.leaseID
            }
        }
    }

    @Test func aStoreThatGoesAwayChangesNoListAndAllIsRightAfterwards() async throws {
        try await World.with { world in
            let one = try world.addHost("a", services: ["web": 80])
            let other = try world.addHost("b", services: ["web": 81])
            let both = ["web/a-80", "web/b-81"]
            try await world.until("both see both") { one.keys == both && other.keys == both }
            let updates = one.updates.all.count

            world.store.setReachable(false)
            try await world.until("the loss is noticed") {
                !one.isCurrent && !other.isCurrent
            }
            for _ in 0..<120 { await world.pass(.seconds(1)) }
            #expect(one.keys == both && one.updates.all.count == updates)

            world.store.compact()
            world.store.setReachable(true)
            try await world.until("all right again") {
                one.isCurrent && other.isCurrent && one.keys == both
                    && other.keys == both && world.store.leases.count == 2
                    && world.store.records.count == 2
            }
        }
    }

    @Test func whatWasDeletedWhileTheWatchWasCutOffIsGoneAfterwards() async throws {
        try await World.with { world in
            let host = try world.addHost("a", services: [:])
            for id in ["1", "2"] {
                world.store.put("services/web/\(id)", Array("10.0.0.1:80".utf8))
            }
            try await world.until("both seen") { host.keys == ["web/1", "web/2"] }
            world.store.setReachable(false)
            try await world.until("the loss is noticed") { !host.isCurrent }
            world.store.delete("services/web/1")
            world.store.compact()
            world.store.setReachable(true)
            try await world.until("the deletion is seen") { host.keys == ["web/2"] }
        }
    }

    @Test func aStoreThatOnlyKeepsSilentIsNoticed() async throws {
        try await World.with { world in
            let host = try world.addHost("a", services: ["web": 80])
            try await world.until("current") { host.isCurrent && host.isSettled }
            world.store.setSilent(true)
            try await world.until("the silence is noticed") {
                host.reports.all.contains(.outOfSync(reason: "the watch does not answer"))
            }
        }
    }

    @Test func aWipedStoreIsFilledAgainByItsHosts() async throws {
        try await World.with { world in
            let host = try world.addHost("a", services: ["web": 80])
            try await world.until("seen") { host.keys == ["web/a-80"] }
            for _ in 0..<20 { world.store.put("other", []) }
            world.store.wipe()
            try await world.until("registered anew") {
                world.store.records["services/web/a-80"]?.lease == host.session.leaseID
                    && host.keys == ["web/a-80"]
            }
        }
    }

    @Test func leavingMarksTheKeyAndGivesTheLeaseBack() async throws {
        try await World.with { world in
            let host = try world.addHost("a", services: ["web": 80])
            let witness = try world.addHost("b", services: [:])
            try await world.until("seen") { witness.keys == ["web/a-80"] }
            host.session.leave()
            try await world.until("gone") {
                witness.keys.isEmpty && world.store.leases.isEmpty && host.hasLeft
            }
        }
    }

    @Test func leavingAStoreThatIsAwayEndsInTime() async throws {
        try await World.with { world in
            let host = try world.addHost("a", services: ["web": 80])
            try await world.until("registered") { host.isSettled }
            world.store.setReachable(false)
            host.session.leave()
            try await world.until("the session has ended") { host.hasLeft }
        }
    }
}
