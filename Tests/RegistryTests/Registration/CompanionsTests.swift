import Machines
import Testing

@testable import Registry

/// Records for other readers, beside our keys and outside of what our watch hears of.
@Suite struct CompanionsTests {
    private let settings: RegistrationMachine.Settings
    private let web: ServiceInstance
    private let db: ServiceInstance
    private let one = CompanionRecord(key: "/aside/one", value: [1])
    private let two = CompanionRecord(key: "/aside/two", value: [2])

    init() throws {
        settings = RegistrationMachine.Settings(owner: try #require(OwnerID("host-a")))
        web = try RegistrationMachineTests.instance("web", "web-1")
        db = try RegistrationMachineTests.instance("db", "db-1")
    }

    @Test func theyAreClaimedWithTheKey() throws {
        var machine = RegistrationMachine(settings, generator: SeededGenerator(seed: 42))
        _ = machine.servicesChanged(to: [web, db], companions: [web.key: [one, two]], at: .zero)
        let claims = try machine.startedAndGranted().actions.claims
        #expect(claims.first { $0.instance == web.key }?.companions == [one, two])
        #expect(claims.first { $0.instance == db.key }?.companions == [])
    }

    @Test func oneThatIsNoLongerConfiguredGoesWithTheNextClaim() throws {
        var (machine, lease) = try registered(companions: [one, two])
        let actions = machine.servicesChanged(
            to: [web],
            companions: [web.key: [two]],
            at: .seconds(1)
        )
        #expect(actions.claims.map(\.companions) == [[two, one.absent]])
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 7), at: .seconds(1))
        // Gone, and so no word of it any more.
        let next = machine.servicesChanged(to: [web], at: .seconds(2))
        #expect(next.claims.map(\.companions) == [[two.absent]])
    }

    @Test func aClaimWithoutAnAnswerMayHavePutThem() throws {
        var machine = RegistrationMachine(settings, generator: SeededGenerator(seed: 42))
        _ = machine.servicesChanged(to: [web], companions: [web.key: [one]], at: .zero)
        let lease = try machine.startedAndGranted().lease
        let away = StoreError(.unavailable, "away")
        _ = machine.claimFailed(web.key, lease: lease, because: away, at: .zero)
        _ = machine.servicesChanged(to: [web], at: .zero)
        let again = machine.timePassed(to: .seconds(1)).claims
        #expect(again.map(\.companions) == [[one.absent]])
    }

    @Test func aServiceThatIsTakenOutTakesThemWithIt() throws {
        var (machine, _) = try registered(companions: [one])
        let actions = machine.servicesChanged(to: [], at: .seconds(1))
        #expect(actions.withdrawals.map(\.companions) == [[one.absent]])
    }

    /// What cannot say that it drains must not be there.
    @Test func aServiceThatDrainsHasNone() throws {
        var (machine, lease) = try registered(companions: [one])
        let drained = machine.drainsChanged(to: Drains(everything: true), at: .seconds(1))
        #expect(drained.claims.map(\.companions) == [[one.absent]])
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 7), at: .seconds(1))
        let back = machine.drainsChanged(to: Drains(), at: .seconds(2))
        #expect(back.claims.map(\.companions) == [[one]])
    }

    @Test func theyAreLookedAfterNowAndThenAndTheAnswerChangesNothing() throws {
        var (machine, lease) = try registered(companions: [one])
        let (now, reviews) = try review(&machine)
        #expect(reviews.map(\.companions) == [[one]] && now >= settings.reviewEvery / 2)
        #expect(machine.statuses[web.key] == .registered(lease: lease, at: 5))
        let away = StoreError(.unavailable, "away")
        #expect(machine.claimFailed(web.key, lease: lease, because: away, at: now).isEmpty)
        #expect(machine.statuses[web.key] == .registered(lease: lease, at: 5))
    }

    /// Or the answer to the one would be taken for that to the other.
    @Test func nothingElseIsAskedForTheKeyWhileItIsLookedAfter() throws {
        var (machine, lease) = try registered(companions: [one])
        let now = try review(&machine).at
        #expect(machine.drainsChanged(to: Drains(everything: true), at: now).claims.isEmpty)
        #expect(!machine.isAsWanted)
        let actions = machine.claimAnswered(web.key, lease: lease, .claimed(at: 5), at: now)
        #expect(actions.claims.map(\.companions) == [[one.absent]])
        #expect(!machine.isAsWanted)
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 9), at: now)
        #expect(machine.isAsWanted)
    }

    @Test func aReviewThatFindsTheLeaseGoneHasANewOneAskedFor() throws {
        var (machine, lease) = try registered(companions: [one])
        let now = try review(&machine).at
        _ = machine.claimAnswered(web.key, lease: lease, .leaseGone, at: now)
        #expect(machine.leaseWaitedFor != nil && machine.leaseWaitedFor != lease)
    }

    @Test func whatTheLastLifeLeftAndNobodyWantsIsTakenOut() throws {
        let cluster = ClusterID(rawValue: 7)
        let lease = LeaseID(rawValue: 4711)
        var machine = RegistrationMachine(
            settings,
            continuing: SavedLease(lease, of: cluster, settings),
            generator: SeededGenerator(seed: 42)
        )
        _ = machine.servicesChanged(to: [web, db], companions: [web.key: [one]], at: .zero)
        _ = machine.started(at: .zero)
        let term = LeaseTerm(
            clusterID: cluster,
            granted: .seconds(10),
            keys: [one.key, two.key, settings.prefix.key(web.key)]
        )
        let claims = machine.leaseAnswered(lease, term, sent: .zero, at: .zero).claims
        #expect(Set(claims.flatMap(\.companions)) == [one, two.absent])
    }

    /// It was found when nobody wanted it, and now it stands beside another key.
    @Test func whatAnotherWantsByNowIsNotTakenOut() throws {
        let cluster = ClusterID(rawValue: 7)
        let lease = LeaseID(rawValue: 4711)
        var machine = RegistrationMachine(
            settings,
            continuing: SavedLease(lease, of: cluster, settings),
            generator: SeededGenerator(seed: 42)
        )
        _ = machine.servicesChanged(to: [db], at: .zero)
        _ = machine.started(at: .zero)
        let term = LeaseTerm(clusterID: cluster, granted: .seconds(10), keys: [one.key])
        let first = machine.leaseAnswered(lease, term, sent: .zero, at: .zero).claims
        #expect(first.map(\.companions) == [[one.absent]])
        let away = StoreError(.unavailable, "away")
        _ = machine.claimFailed(db.key, lease: lease, because: away, at: .zero)
        let second = machine.servicesChanged(
            to: [db, web],
            companions: [web.key: [one]],
            at: .zero
        )
        #expect(second.claims.map(\.companions) == [[one]])
        let again = machine.timePassed(to: .seconds(1)).claims
        #expect(again.map(\.instance) == [db.key] && again.map(\.companions) == [[]])
    }

    @Test func withTheLeaseTheyAreGone() throws {
        var (machine, lease) = try registered(companions: [one])
        _ = machine.servicesChanged(to: [web], at: .seconds(1))
        _ = machine.claimAnswered(web.key, lease: lease, .leaseGone, at: .seconds(1))
        let again = try #require(
            machine.timePassed(to: .seconds(1)).grants.first ?? machine.leaseWaitedFor
        )
        let actions = machine.leaseGranted(
            again,
            ttl: .seconds(60),
            sent: .seconds(2),
            at: .seconds(2)
        )
        #expect(actions.claims.map(\.companions) == [[]])
    }

    // MARK: parts

    /// Lets time pass until the records are looked after.
    private func review(
        _ machine: inout RegistrationMachine
    ) throws -> (at: Duration, claims: [Claim]) {
        while true {
            let now = try #require(machine.deadline)
            try #require(now <= settings.reviewEvery * 1.5)
            let actions = machine.timePassed(to: now)
            for stream in actions.keepAlives {
                _ = machine.keepAliveAnswered(ttl: .seconds(60), on: stream, at: now)
            }
            if !actions.claims.isEmpty { return (now, actions.claims) }
        }
    }

    private func registered(
        companions: [CompanionRecord]
    ) throws -> (RegistrationMachine, LeaseID) {
        var machine = RegistrationMachine(settings, generator: SeededGenerator(seed: 42))
        _ = machine.servicesChanged(to: [web], companions: [web.key: companions], at: .zero)
        let lease = try machine.startedAndGranted().lease
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 5), at: .zero)
        return (machine, lease)
    }
}

extension RegistrationMachine {
    fileprivate var leaseWaitedFor: LeaseID? {
        switch lease {
        case .granting(let id): id
        case .waiting(let step, _): step.id
        default: nil
        }
    }
}
