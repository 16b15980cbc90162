import Machines
import TestKit
import Testing
import Texts

@testable import Registry

/// The machine alone: instants are numbers, answers are method calls.
@Suite struct RegistrationMachineTests {
    private let settings: RegistrationMachine.Settings
    private let web: ServiceInstance
    private let db: ServiceInstance
    private let holder: Holder

    init() throws {
        settings = RegistrationMachine.Settings(owner: try #require(OwnerID("host-a")))
        web = try Self.instance("web", "web-1")
        db = try Self.instance("db", "db-1")
        holder = Holder(
            owner: OwnerID("host-b"),
            lease: LeaseID(rawValue: 9),
            address: "10.0.0.9:80"
        )
    }

    // MARK: the lease

    @Test func withoutServicesNoLeaseIsAskedFor() {
        var machine = machine()
        #expect(machine.started(at: .zero).isEmpty)
        #expect(machine.isSettled)
        #expect(
            machine.leaveRequested(at: .zero) == [.save(nil), .report(.left(nil)), .finish]
        )
    }

    @Test func theFirstServiceAsksForALeaseAndThenForItsKey() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try #require(machine.started(at: .zero).grants.first)
        let actions = machine.leaseGranted(
            lease,
            ttl: .seconds(10),
            sent: .zero,
            at: .milliseconds(5)
        )
        let claim = try #require(actions.claims.first)
        #expect(claim.key == "services/web/web-1" && claim.lease == lease)
        #expect(actions.suffix(2) == [.openKeepAlive(lease, stream: 1), .claim(claim)])
        #expect(!machine.isSettled)
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 5), at: .milliseconds(9))
        #expect(machine.statuses[web.key] == .registered(lease: lease, at: 5))
        #expect(machine.isSettled)
    }

    /// A reload that adds a check must not take it for one that was never registered.
    @Test func `a record stands while an update of it is under way, and after it failed`() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try #require(machine.started(at: .zero).grants.first)
        _ = machine.leaseGranted(lease, ttl: .seconds(10), sent: .zero, at: .zero)
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 5), at: .zero)
        var heavier = web
        heavier.weight = 7
        #expect(!machine.servicesChanged(to: [heavier], at: .seconds(1)).claims.isEmpty)
        #expect(machine.standing == [web.key])
        _ = machine.claimFailed(
            web.key,
            lease: lease,
            because: StoreError(.unavailable, "away"),
            at: .seconds(2)
        )
        #expect(machine.standing == [web.key])
        _ = machine.servicesChanged(to: [], at: .seconds(3))
        #expect(machine.standing.isEmpty)
    }

    @Test func `the status says registered while an update is under way, and why it is not there`()
        throws
    {
        var (machine, lease) = try registered()
        #expect(machine.statuses[web.key] == .registered(lease: lease, at: 5))
        _ = machine.drainsChanged(to: Drains(everything: true), at: .seconds(1))
        #expect(machine.statuses[web.key] == .updating(lease: lease, at: 5, nil))
        #expect(!machine.isAsWanted && !machine.isSettled)
        _ = machine.claimFailed(web.key, lease: lease, because: Self.away, at: .seconds(2))
        #expect(machine.statuses[web.key] == .updating(lease: lease, at: 5, "away"))
        _ = machine.timePassed(to: .seconds(60))
        #expect(machine.statuses[web.key] == .updating(lease: lease, at: 5, nil))
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 90), at: .seconds(60))
        #expect(machine.statuses[web.key] == .registered(lease: lease, at: 90))
    }

    @Test func `a record that is gone is not registered, whatever was to become of it`() throws {
        var (machine, lease) = try registered()
        _ = machine.drainsChanged(to: Drains(everything: true), at: .seconds(1))
        _ = machine.claimFailed(web.key, lease: lease, because: Self.away, at: .seconds(2))
        let key = settings.prefix.key(web.key)
        let gone = StoreEvent.deleted(key: StoreKey(key), at: 99)
        _ = machine.keysHeard(.events([gone]), at: .seconds(2))
        #expect(machine.statuses[web.key] == .pending("away"))

        (machine, lease) = try registered()
        _ = machine.drainsChanged(to: Drains(everything: true), at: .seconds(1))
        _ = machine.keepAliveAnswered(ttl: .zero, on: 1, at: .seconds(2))
        #expect(machine.statuses[web.key] == .pending(nil))
    }

    @Test func theEndOfTheLeaseCountsFromWhenTheAnsweredRequestLeft() throws {
        var machine = machine()
        #expect(machine.leaseEnd == nil)
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try #require(machine.started(at: .zero).grants.first)
        #expect(machine.leaseEnd == nil)
        _ = machine.leaseGranted(lease, ttl: .seconds(9), sent: .seconds(1), at: .seconds(2))
        #expect(machine.leaseEnd == .seconds(10))
        _ = machine.keepAliveAnswered(ttl: .zero, on: 1, at: .seconds(3))
        #expect(machine.leaseEnd == nil)
    }

    @Test func aGrantWithoutAnAnswerIsAskedAgainUnderTheSameId() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try #require(machine.started(at: .zero).grants.first)
        var now = Duration.zero
        for _ in 0..<50 {
            _ = machine.grantFailed(lease, because: Self.away, at: now)
            now = try #require(machine.deadline)
            #expect(try #require(machine.timePassed(to: now).grants.first) == lease)
        }
    }

    @Test func aKeepAliveLeavesAtAThirdOfTheTTLCountedFromTheLastRequest() throws {
        var (machine, _) = try registered()
        _ = machine.keepAliveAnswered(ttl: .seconds(9), on: 1, at: .seconds(1))
        #expect(machine.deadline == .seconds(3))
        #expect(machine.timePassed(to: .seconds(3)) == [.sendKeepAlive(stream: 1)])
        _ = machine.keepAliveAnswered(ttl: .seconds(9), on: 1, at: .seconds(5))
        #expect(machine.deadline == .seconds(6))
    }

    @Test func aStreamThatEndsIsOpenedAgainAndTheLeaseStays() throws {
        var (machine, lease) = try registered()
        #expect(machine.keepAliveEnded(1, because: Self.away, at: .seconds(1)).isEmpty)
        let then = try #require(machine.deadline)
        #expect(then <= .seconds(1) + settings.backoff.base)
        #expect(machine.timePassed(to: then) == [.openKeepAlive(lease, stream: 2)])
        #expect(machine.statuses[web.key] == .registered(lease: lease, at: 5))
    }

    @Test func anAnswerThatDoesNotComeClosesTheStreamAndSuspectsTheConnection() throws {
        var (machine, _) = try registered()
        let due = try #require(machine.deadline)
        #expect(machine.timePassed(to: due) == [.closeKeepAlive(stream: 1), .suspectConnection])
        #expect(due <= .seconds(4))
    }

    @Test func aSilentStoreMakesTheLeaseDoubtfulOnceAndNeverGivesItUp() throws {
        var (machine, lease) = try registered()
        var doubts = 0
        var now = Duration.zero
        for _ in 0..<500 {
            now = max(now, try #require(machine.deadline))
            for action in machine.timePassed(to: now) {
                switch action {
                case .report(.leaseDoubtful): doubts += 1
                case .grant: Issue.record("a new lease without the store's word")
                case .openKeepAlive(_, let stream):
                    _ = machine.keepAliveEnded(stream, because: Self.away, at: now)
                default: break
                }
            }
        }
        #expect(doubts == 1)
        #expect(machine.leaseID == lease)
        #expect(now > .seconds(300))
    }

    @Test func aLeaseThatTheStoreSaysIsGoneIsFollowedByANewOneAtOnce() throws {
        var (machine, lease) = try registered()
        let actions = machine.keepAliveAnswered(ttl: .zero, on: 1, at: .seconds(3))
        let new = try #require(actions.grants.first)
        #expect(new != lease)
        #expect(machine.statuses[web.key] == .pending(nil))
        let again = machine.leaseGranted(new, ttl: .seconds(10), sent: .seconds(3), at: .seconds(3))
        #expect(again.claims.map(\.lease) == [new])
    }

    @Test func aStoreThatLosesEveryLeaseIsAskedEverMoreSlowly() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        var actions = machine.started(at: .zero)
        var now = Duration.zero
        var grants = 0
        while now < .seconds(60) {
            if let lease = actions.grants.first {
                grants += 1
                actions = machine.leaseGranted(lease, ttl: .seconds(10), sent: now, at: now)
                actions = machine.claimAnswered(web.key, lease: lease, .leaseGone, at: now)
            } else {
                now = max(now, try #require(machine.deadline))
                actions = machine.timePassed(to: now)
            }
        }
        #expect(grants < 60, "\(grants) grants in a minute")
    }

    @Test func lateAnswersOfAnOldStreamOrLeaseAreNoNews() throws {
        var (machine, lease) = try registered()
        let lost = machine.keepAliveAnswered(ttl: .zero, on: 1, at: .seconds(1))
        let new = try #require(lost.grants.first)
        #expect(machine.keepAliveAnswered(ttl: .seconds(10), on: 1, at: .seconds(2)).isEmpty)
        #expect(machine.keepAliveEnded(1, because: nil, at: .seconds(2)).isEmpty)
        #expect(
            machine.leaseGranted(lease, ttl: .seconds(10), sent: .zero, at: .seconds(2)).isEmpty
        )
        _ = machine.leaseGranted(new, ttl: .seconds(10), sent: .seconds(2), at: .seconds(2))
        #expect(
            machine.claimAnswered(web.key, lease: lease, .claimed(at: 9), at: .seconds(2)).isEmpty
        )
        #expect(machine.statuses[web.key] == .pending(nil))
    }

    // MARK: own keys

    @Test func ourOwnPutHeardInTheWatchIsNoLoss() throws {
        var (machine, lease) = try registered()
        let own = StoreEvent.put(record(web, lease: lease, revision: 5))
        #expect(machine.keysHeard(.events([own]), at: .seconds(1)).isEmpty)
        #expect(
            machine.keysHeard(
                .events([.deleted(key: "services/web/web-1", at: 4)]),
                at: .seconds(1)
            ).isEmpty
        )
    }

    @Test func aDeletedKeyIsPutAgainSoon() throws {
        var (machine, lease) = try registered()
        let actions = machine.keysHeard(
            .events([.deleted(key: "services/web/web-1", at: 6)]),
            at: .seconds(1)
        )
        #expect(actions.reports == [.lost(web.key, .deleted)])
        let (made, now) = try nextClaims(&machine, actions, .seconds(1))
        #expect(made.map(\.lease) == [lease])
        #expect(now <= .seconds(1) + settings.backoff.base)
    }

    @Test func anOverwrittenKeyIsPutAgainSoon() throws {
        var (machine, _) = try registered()
        var foreign = record(web, lease: .none, revision: 6)
        foreign.value = Array("10.6.6.6:66".utf8)
        let actions = machine.keysHeard(.events([.put(foreign)]), at: .seconds(1))
        #expect(actions.reports == [.lost(web.key, .overwritten)])
        #expect(try nextClaims(&machine, actions, .seconds(1)).claims.count == 1)
    }

    @Test func somethingThatKeepsDeletingTheKeyIsAnsweredEverMoreSlowlyAndSaidTwice() throws {
        var (machine, lease) = try registered()
        var now = Duration.seconds(1)
        var revision = Revision(rawValue: 6)
        var standsAt = Revision.zero
        var (claimsMade, said, contested, registeredSaid) = (0, 0, 0, 0)
        while now < .seconds(300) {
            let lost = machine.keysHeard(
                .events([.deleted(key: "services/web/web-1", at: revision)]),
                at: now
            )
            said += lost.count { $0 == .report(.lost(web.key, .deleted)) }
            contested += lost.count { $0 == .report(.contested(web.key)) }
            let (made, then) = try nextClaims(&machine, lost, now)
            now = then
            claimsMade += made.count
            let answer = machine.claimAnswered(
                web.key,
                lease: lease,
                .claimed(at: revision.next),
                at: now
            )
            let registered = RegistrationReport.registered(web.key, lease: lease, at: revision.next)
            registeredSaid += answer.count { $0 == .report(registered) }
            standsAt = revision.next
            revision = standsAt.next
        }
        #expect(claimsMade < 300, "\(claimsMade) puts in five minutes")
        #expect(contested == 1 && said <= 4 && registeredSaid <= 4)

        // Left in peace for a while it is registered like any other, and the next loss a new story.
        let due = try #require(machine.registrations[web.key]?.settlesAt)
        let settled = machine.timePassed(to: due)
        #expect(settled.contains(.report(.registered(web.key, lease: lease, at: standsAt))))
        now = due + .seconds(1)
        let later = machine.keysHeard(
            .events([.deleted(key: "services/web/web-1", at: revision)]),
            at: now
        )
        #expect(later.reports == [.lost(web.key, .deleted)])
    }

    @Test func aDeletionHeardBeforeTheClaimsAnswerIsNotForgotten() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try #require(machine.started(at: .zero).grants.first)
        _ = machine.leaseGranted(lease, ttl: .seconds(10), sent: .zero, at: .zero)
        let early = machine.keysHeard(
            .events([.deleted(key: "services/web/web-1", at: 6)]),
            at: .zero
        )
        #expect(early.claims.isEmpty)
        let actions = machine.claimAnswered(web.key, lease: lease, .claimed(at: 5), at: .zero)
        #expect(
            actions.reports
                == [.registered(web.key, lease: lease, at: 5), .lost(web.key, .deleted)]
        )
        #expect(try nextClaims(&machine, actions, .zero).claims.count == 1)
    }

    @Test func aDeletionHeardBeforeARefusalsAnswerEndsTheWaitAtOnce() throws {
        var (machine, lease) = try granted()
        _ = machine.keysHeard(.events([.deleted(key: "services/web/web-1", at: 6)]), at: .zero)
        let actions = machine.claimAnswered(
            web.key,
            lease: lease,
            .heldByAnotherHost(holder),
            at: .zero
        )
        #expect(actions.claims.count == 1)
    }

    @Test func aSnapshotWithoutOurKeyIsALossAndOneFromBeforeOurPutIsNot() throws {
        var (machine, _) = try registered()
        let older = snapshot(4)
        #expect(machine.listHeard(older, isRestored: false).isEmpty)
        let newer = snapshot(7)
        let actions = machine.listHeard(newer, isRestored: false)
        #expect(actions.reports == [.lost(web.key, .deleted)])
    }

    @Test func afterARestoreAnOlderRevisionWithoutOurKeyIsALoss() throws {
        var (machine, _) = try registered()
        let restored = snapshot(2)
        let actions = machine.listHeard(restored, isRestored: true)
        #expect(actions.reports == [.lost(web.key, .deleted)])
    }

    @Test func aPutThatComesThroughAfterItWasGivenUpIsTakenOut() throws {
        var (machine, lease) = try registered()
        let late = record(db, lease: lease, revision: 9)
        let actions = machine.keysHeard(.events([.put(late)]), at: .seconds(1))
        #expect(actions.withdrawals.map(\.key) == ["services/db/db-1"])
        _ = machine.withdrawn(db.key, lease: lease, at: .seconds(1))
        #expect(machine.statuses.keys.map(\.description) == ["web/web-1"])
        // Under another lease it is another host's.
        let theirs = record(db, lease: holder.lease, revision: 10)
        #expect(machine.keysHeard(.events([.put(theirs)]), at: .seconds(1)).isEmpty)
    }

    @Test func aLateFailureUnderAnOldLeaseDoesNotDisturbTheNewClaim() throws {
        var (machine, lease) = try granted()
        let lost = machine.keepAliveAnswered(ttl: .zero, on: 1, at: .seconds(1))
        let new = try #require(lost.grants.first)
        _ = machine.leaseGranted(new, ttl: .seconds(10), sent: .seconds(1), at: .seconds(1))
        #expect(
            machine.claimFailed(web.key, lease: lease, because: Self.away, at: .seconds(2)).isEmpty
        )
        _ = machine.claimAnswered(web.key, lease: new, .claimed(at: 9), at: .seconds(2))
        #expect(machine.statuses[web.key] == .registered(lease: new, at: 9))
    }

    @Test func aGrantThatFailsIsTheReasonInTheStatus() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try #require(machine.started(at: .zero).grants.first)
        _ = machine.grantFailed(lease, because: Self.away, at: .zero)
        #expect(machine.statuses[web.key] == .pending("away"))
    }

    // MARK: conflicts

    @Test func aKeyOfAnotherHostIsRefusedOnceByNameAndTakenOverWhenItIsFreed() throws {
        var (machine, lease) = try granted()
        var actions = machine.claimAnswered(
            web.key,
            lease: lease,
            .heldByAnotherHost(holder),
            at: .zero
        )
        #expect(actions.reports == [.refused(web.key, .heldByAnotherHost(holder))])
        #expect(machine.isSettled)
        #expect(machine.statuses[web.key] == .refused(.heldByAnotherHost(holder)))

        let retry = try #require(machine.deadline)
        var now = retry
        while machine.timePassed(to: now).claims.isEmpty {
            now = try #require(machine.deadline)
        }
        actions = machine.claimAnswered(web.key, lease: lease, .heldByAnotherHost(holder), at: now)
        #expect(actions.reports.isEmpty)

        actions = machine.keysHeard(.events([.deleted(key: "services/web/web-1", at: 50)]), at: now)
        #expect(actions.claims.count == 1)
    }

    @Test func twoDaemonsOfOneHostDoNotFight() throws {
        var (machine, lease) = try granted()
        var claimsMade = 1
        var now = Duration.zero
        while now < .seconds(600) {
            _ = machine.claimAnswered(web.key, lease: lease, .heldByOurHost(holder), at: now)
            _ = machine.keysHeard(
                .events([.put(record(web, lease: holder.lease, revision: 8))]),
                at: now
            )
            var isClaiming = false
            while !isClaiming {
                now = max(now, try #require(machine.deadline))
                let actions = machine.timePassed(to: now)
                isClaiming = !actions.claims.isEmpty
                for stream in actions.keepAlives {
                    _ = machine.keepAliveAnswered(ttl: .seconds(10), on: stream, at: now)
                }
            }
            claimsMade += 1
        }
        #expect(claimsMade < 100, "\(claimsMade) claims in ten minutes")
    }

    @Test func oneConflictDoesNotHoldUpTheOthers() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web, db], at: .zero)
        let lease = try #require(machine.started(at: .zero).grants.first)
        let actions = machine.leaseGranted(lease, ttl: .seconds(10), sent: .zero, at: .zero)
        #expect(actions.claims.map(\.instance) == [db.key, web.key])
        _ = machine.claimAnswered(db.key, lease: lease, .heldByAnotherHost(holder), at: .zero)
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 9), at: .zero)
        #expect(machine.statuses[web.key] == .registered(lease: lease, at: 9))
    }

    @Test func onlySoManyClaimsAreUnderWayAtOnce() throws {
        var machine = machine()
        let many = try (0..<50).map { try Self.instance("s", "i-\($0)") }
        _ = machine.servicesChanged(to: many, at: .zero)
        let lease = try #require(machine.started(at: .zero).grants.first)
        var waiting = machine.leaseGranted(lease, ttl: .seconds(10), sent: .zero, at: .zero).claims
        var revision = Revision(rawValue: 10)
        var most = 0
        while let claim = waiting.popLast() {
            most = max(most, waiting.count + 1)
            revision = revision.next
            waiting +=
                machine.claimAnswered(
                    claim.instance,
                    lease: lease,
                    .claimed(at: revision),
                    at: .zero
                ).claims
        }
        #expect(most == settings.claimsInFlight)
        #expect(machine.isSettled)
    }

    @Test func aClaimWithoutAnAnswerIsMadeAgain() throws {
        var (machine, lease) = try granted()
        _ = machine.claimFailed(web.key, lease: lease, because: Self.away, at: .zero)
        #expect(machine.statuses[web.key] == .pending(Self.away.message))
        var made: [Claim] = []
        while made.isEmpty {
            made = machine.timePassed(to: try #require(machine.deadline)).claims
        }
        #expect(made.map(\.lease) == [lease])
    }

    // MARK: changes of what is wanted

    @Test func aChangedServiceIsPutAgainAndTheOthersAreNotTouched() throws {
        var (machine, _) = try registered()
        var heavier = web
        heavier.weight = 200
        #expect(machine.servicesChanged(to: [web], at: .zero).claims.isEmpty)
        #expect(machine.servicesChanged(to: [heavier], at: .zero).claims.count == 1)
        #expect(machine.servicesChanged(to: [heavier], at: .zero).withdrawals.isEmpty)
    }

    @Test func aRemovedServiceIsWithdrawnAndForgotten() throws {
        var (machine, lease) = try registered()
        let actions = machine.servicesChanged(to: [], at: .zero)
        let claim = try #require(actions.withdrawals.first)
        #expect(claim.lease == lease)
        #expect(String(decoding: claim.value, as: UTF8.self).contains(#""state":"leaving""#))
        _ = machine.withdrawn(web.key, lease: lease, at: .zero)
        #expect(machine.statuses.isEmpty)
        #expect(machine.leaseID == lease)
    }

    @Test func aServiceIsWithdrawnAndPutBackAloneUnderTheSameLease() throws {
        var (machine, lease) = try registered()
        #expect(machine.servicesChanged(to: [], at: .zero).withdrawals.count == 1)
        // Put back before the withdrawal is done: first the one, then the other.
        #expect(machine.servicesChanged(to: [web], at: .zero).isEmpty)
        let actions = machine.withdrawn(web.key, lease: lease, at: .zero)
        #expect(actions.claims.map(\.lease) == [lease])
    }

    @Test func aWithdrawnServiceStaysOutWhenTheLeaseIsLost() throws {
        var (machine, lease) = try registered()
        _ = machine.servicesChanged(to: [], at: .zero)
        _ = machine.withdrawn(web.key, lease: lease, at: .zero)
        let lost = machine.keepAliveAnswered(ttl: .zero, on: 1, at: .seconds(1))
        let new = try #require(lost.grants.first)
        let actions = machine.leaseGranted(new, ttl: .seconds(10), sent: .zero, at: .seconds(1))
        #expect(actions.claims.isEmpty)
    }

    // MARK: leaving

    @Test func leavingMarksTheKeysAndRevokesTheLease() throws {
        var (machine, lease) = try registered()
        let marker = RegistrationMachine.Action.leave(lease, markers: [try leavingMarker(lease)])
        #expect(machine.leaveRequested(at: .zero) == [.closeKeepAlive(stream: 1), marker])
        #expect(machine.leaveRequested(at: .zero).isEmpty)
        let gone = KeyNews.events([.deleted(key: "services/web/web-1", at: 9)])
        #expect(machine.keysHeard(gone, at: .zero).claims.isEmpty)
        #expect(machine.leaveEnded(nil) == [.save(nil), .report(.left(nil)), .finish])
        #expect(machine.deadline == nil)
    }

    @Test func leavingWhileTheGrantIsUnderWayRevokesItsId() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try #require(machine.started(at: .zero).grants.first)
        #expect(machine.leaveRequested(at: .zero).isEmpty)
        let actions = machine.grantFailed(lease, because: Self.away, at: .milliseconds(5))
        #expect(actions == [.leave(lease, markers: [])])
    }

    // MARK: parts

    /// The claims among `actions`, or else those that time brings, and when.
    private func nextClaims(
        _ machine: inout RegistrationMachine,
        _ actions: [RegistrationMachine.Action],
        _ now: Duration
    ) throws -> (claims: [Claim], now: Duration) {
        var (actions, now) = (actions, now)
        while actions.claims.isEmpty {
            now = max(now, try #require(machine.deadline))
            actions = machine.timePassed(to: now)
            for stream in actions.keepAlives {
                _ = machine.keepAliveAnswered(ttl: .seconds(10), on: stream, at: now)
            }
        }
        return (actions.claims, now)
    }

    private func snapshot(_ revision: Revision) -> Snapshot {
        Snapshot(
            clusterID: ClusterID(rawValue: 1),
            mark: SnapshotMark(revision: revision, connection: 1),
            records: []
        )
    }

    private static let away = StoreError(.unavailable, "away")

    private func machine() -> RegistrationMachine {
        RegistrationMachine(settings, generator: SeededGenerator(seed: 42))
    }

    private func granted() throws -> (RegistrationMachine, LeaseID) {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try #require(machine.started(at: .zero).grants.first)
        _ = machine.leaseGranted(lease, ttl: .seconds(10), sent: .zero, at: .zero)
        return (machine, lease)
    }

    private func registered() throws -> (RegistrationMachine, LeaseID) {
        var (machine, lease) = try granted()
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 5), at: .zero)
        return (machine, lease)
    }

    private func record(_ instance: ServiceInstance, lease: LeaseID, revision: Revision)
        -> StoredRecord
    {
        StoredRecord(
            key: StoreKey(instance.key, under: settings.prefix),
            value: RecordCodec.encode(instance, owner: settings.owner),
            createRevision: revision,
            modRevision: revision,
            version: 1,
            lease: lease
        )
    }

    static func instance(_ service: String, _ id: String) throws -> ServiceInstance {
        ServiceInstance(
            key: try ServiceKey("\(service)/\(id)"),
            address: try #require(HostAddress("10.0.0.1")),
            port: 80
        )
    }

    /// The last word on the registered service.
    private func leavingMarker(_ lease: LeaseID) throws -> Claim {
        Claim(
            key: "services/web/web-1",
            instance: web.key,
            value: RecordCodec.encode(web, owner: settings.owner, state: .leaving),
            lease: lease,
            owner: settings.owner
        )
    }
}
