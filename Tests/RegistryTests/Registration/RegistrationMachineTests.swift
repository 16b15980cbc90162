import Machines
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
            machine.leaveRequested(at: .zero).contains {
                if case .finish = $0 { true } else { false }
            }
        )
    }

    @Test func theFirstServiceAsksForALeaseAndThenForItsKey() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try grant(in: machine.started(at: .zero))
        let actions = machine.leaseGranted(
            lease,
            ttl: .seconds(10),
            sent: .zero,
            at: .milliseconds(5)
        )
        #expect(actions.contains { if case .openKeepAlive(lease, _) = $0 { true } else { false } })
        let claim = try #require(claims(in: actions).first)
        #expect(claim.key == "services/web/web-1" && claim.lease == lease)
        #expect(!machine.isSettled)
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 5), at: .milliseconds(9))
        #expect(machine.statuses[web.key] == .registered(lease: lease, at: 5))
        #expect(machine.isSettled)
    }

    /// A reload that adds a check must not take it for one that was never registered.
    @Test func `a record stands while an update of it is under way, and after it failed`() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try grant(in: machine.started(at: .zero))
        _ = machine.leaseGranted(lease, ttl: .seconds(10), sent: .zero, at: .zero)
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 5), at: .zero)
        var heavier = web
        heavier.weight = 7
        #expect(!claims(in: machine.servicesChanged(to: [heavier], at: .seconds(1))).isEmpty)
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
        let lease = try grant(in: machine.started(at: .zero))
        #expect(machine.leaseEnd == nil)
        _ = machine.leaseGranted(lease, ttl: .seconds(9), sent: .seconds(1), at: .seconds(2))
        #expect(machine.leaseEnd == .seconds(10))
        _ = machine.keepAliveAnswered(ttl: .zero, on: 1, at: .seconds(3))
        #expect(machine.leaseEnd == nil)
    }

    @Test func aGrantWithoutAnAnswerIsAskedAgainUnderTheSameId() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try grant(in: machine.started(at: .zero))
        var now = Duration.zero
        for _ in 0..<50 {
            _ = machine.grantFailed(lease, because: Self.away, at: now)
            now = try #require(machine.deadline)
            #expect(try grant(in: machine.timePassed(to: now)) == lease)
        }
    }

    @Test func aKeepAliveLeavesAtAThirdOfTheTTLCountedFromTheLastRequest() throws {
        var (machine, lease) = try registered()
        _ = lease
        _ = machine.keepAliveAnswered(ttl: .seconds(9), on: 1, at: .seconds(1))
        #expect(machine.deadline == .seconds(3))
        #expect(
            machine.timePassed(to: .seconds(3)).contains {
                if case .sendKeepAlive(1) = $0 { true } else { false }
            }
        )
        _ = machine.keepAliveAnswered(ttl: .seconds(9), on: 1, at: .seconds(5))
        #expect(machine.deadline == .seconds(6))
    }

    @Test func aStreamThatEndsIsOpenedAgainAndTheLeaseStays() throws {
        var (machine, lease) = try registered()
        #expect(machine.keepAliveEnded(1, because: Self.away, at: .seconds(1)).isEmpty)
        let then = try #require(machine.deadline)
        #expect(then <= .seconds(1) + settings.backoff.base)
        #expect(
            machine.timePassed(to: then).contains {
                if case .openKeepAlive(lease, 2) = $0 { true } else { false }
            }
        )
        #expect(machine.statuses[web.key] == .registered(lease: lease, at: 5))
    }

    @Test func anAnswerThatDoesNotComeClosesTheStreamAndSuspectsTheConnection() throws {
        var (machine, _) = try registered()
        let due = try #require(machine.deadline)
        let actions = machine.timePassed(to: due)
        #expect(actions.contains { if case .closeKeepAlive(1) = $0 { true } else { false } })
        #expect(actions.contains { if case .suspectConnection = $0 { true } else { false } })
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
        let new = try grant(in: actions)
        #expect(new != lease)
        #expect(machine.statuses[web.key] == .pending(nil))
        let again = machine.leaseGranted(new, ttl: .seconds(10), sent: .seconds(3), at: .seconds(3))
        #expect(claims(in: again).map(\.lease) == [new])
    }

    @Test func aStoreThatLosesEveryLeaseIsAskedEverMoreSlowly() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        var actions = machine.started(at: .zero)
        var now = Duration.zero
        var grants = 0
        while now < .seconds(60) {
            if let lease = actions.compactMap({ if case .grant(let id, _) = $0 { id } else { nil } }
            ).first {
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
        let new = try grant(in: machine.keepAliveAnswered(ttl: .zero, on: 1, at: .seconds(1)))
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
        #expect(losses(in: actions) == [.deleted])
        let (made, now) = try nextClaims(&machine, actions, .seconds(1))
        #expect(made.map(\.lease) == [lease])
        #expect(now <= .seconds(1) + settings.backoff.base)
    }

    @Test func anOverwrittenKeyIsPutAgainSoon() throws {
        var (machine, _) = try registered()
        var foreign = record(web, lease: .none, revision: 6)
        foreign.value = Array("10.6.6.6:66".utf8)
        let actions = machine.keysHeard(.events([.put(foreign)]), at: .seconds(1))
        #expect(losses(in: actions) == [.overwritten])
        #expect(try nextClaims(&machine, actions, .seconds(1)).claims.count == 1)
    }

    @Test func somethingThatKeepsDeletingTheKeyIsAnsweredEverMoreSlowlyAndSaidTwice() throws {
        var (machine, lease) = try registered()
        var now = Duration.seconds(1)
        var revision = Revision(rawValue: 6)
        var (claimsMade, said, contested, registeredSaid) = (0, 0, 0, 0)
        while now < .seconds(300) {
            let lost = machine.keysHeard(
                .events([.deleted(key: "services/web/web-1", at: revision)]),
                at: now
            )
            said += losses(in: lost).count
            contested += lost.count { if case .report(.contested) = $0 { true } else { false } }
            let (made, then) = try nextClaims(&machine, lost, now)
            now = then
            claimsMade += made.count
            let answer = machine.claimAnswered(
                web.key,
                lease: lease,
                .claimed(at: revision.next),
                at: now
            )
            registeredSaid += answer.count {
                if case .report(.registered) = $0 { true } else { false }
            }
            revision = revision.next.next
        }
        #expect(claimsMade < 300, "\(claimsMade) puts in five minutes")
        #expect(contested == 1 && said <= 4 && registeredSaid <= 4)

        // Left in peace for a while it is registered like any other, and the next loss a new story.
        let due = try #require(machine.registrations[web.key]?.settlesAt)
        let settled = machine.timePassed(to: due)
        #expect(settled.contains { if case .report(.registered) = $0 { true } else { false } })
        now = due + .seconds(1)
        let later = machine.keysHeard(
            .events([.deleted(key: "services/web/web-1", at: revision)]),
            at: now
        )
        #expect(losses(in: later) == [.deleted])
    }

    @Test func aDeletionHeardBeforeTheClaimsAnswerIsNotForgotten() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try grant(in: machine.started(at: .zero))
        _ = machine.leaseGranted(lease, ttl: .seconds(10), sent: .zero, at: .zero)
        let early = machine.keysHeard(
            .events([.deleted(key: "services/web/web-1", at: 6)]),
            at: .zero
        )
        #expect(claims(in: early).isEmpty)
        let actions = machine.claimAnswered(web.key, lease: lease, .claimed(at: 5), at: .zero)
        #expect(losses(in: actions) == [.deleted])
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
        #expect(claims(in: actions).count == 1)
    }

    @Test func aSnapshotWithoutOurKeyIsALossAndOneFromBeforeOurPutIsNot() throws {
        var (machine, _) = try registered()
        let older = snapshot(4)
        #expect(machine.listHeard(older, isRestored: false).isEmpty)
        let newer = snapshot(7)
        let actions = machine.listHeard(newer, isRestored: false)
        #expect(losses(in: actions) == [.deleted])
    }

    @Test func afterARestoreAnOlderRevisionWithoutOurKeyIsALoss() throws {
        var (machine, _) = try registered()
        let restored = snapshot(2)
        let actions = machine.listHeard(restored, isRestored: true)
        #expect(losses(in: actions) == [.deleted])
    }

    @Test func aPutThatComesThroughAfterItWasGivenUpIsTakenOut() throws {
        var (machine, lease) = try registered()
        let late = record(db, lease: lease, revision: 9)
        let actions = machine.keysHeard(.events([.put(late)]), at: .seconds(1))
        #expect(withdrawals(in: actions).map(\.key) == ["services/db/db-1"])
        _ = machine.withdrawn(db.key, lease: lease, at: .seconds(1))
        #expect(machine.statuses.keys.map(\.description) == ["web/web-1"])
        // Under another lease it is another host's.
        let theirs = record(db, lease: holder.lease, revision: 10)
        #expect(machine.keysHeard(.events([.put(theirs)]), at: .seconds(1)).isEmpty)
    }

    @Test func aLateFailureUnderAnOldLeaseDoesNotDisturbTheNewClaim() throws {
        var (machine, lease) = try granted()
        let new = try grant(in: machine.keepAliveAnswered(ttl: .zero, on: 1, at: .seconds(1)))
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
        let lease = try grant(in: machine.started(at: .zero))
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
        #expect(refusals(in: actions) == [.heldByAnotherHost(holder)])
        #expect(machine.isSettled)
        #expect(machine.statuses[web.key] == .refused(.heldByAnotherHost(holder)))

        let retry = try #require(machine.deadline)
        var now = retry
        while claims(in: machine.timePassed(to: now)).isEmpty {
            now = try #require(machine.deadline)
        }
        actions = machine.claimAnswered(web.key, lease: lease, .heldByAnotherHost(holder), at: now)
        #expect(refusals(in: actions).isEmpty)

        actions = machine.keysHeard(.events([.deleted(key: "services/web/web-1", at: 50)]), at: now)
        #expect(claims(in: actions).count == 1)
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
                isClaiming = !claims(in: actions).isEmpty
                for action in actions {
                    if case .sendKeepAlive(let stream) = action {
                        _ = machine.keepAliveAnswered(ttl: .seconds(10), on: stream, at: now)
                    }
                    if case .openKeepAlive(_, let stream) = action {
                        _ = machine.keepAliveAnswered(ttl: .seconds(10), on: stream, at: now)
                    }
                }
            }
            claimsMade += 1
        }
        #expect(claimsMade < 100, "\(claimsMade) claims in ten minutes")
    }

    @Test func oneConflictDoesNotHoldUpTheOthers() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web, db], at: .zero)
        let lease = try grant(in: machine.started(at: .zero))
        let actions = machine.leaseGranted(lease, ttl: .seconds(10), sent: .zero, at: .zero)
        #expect(claims(in: actions).map(\.instance) == [db.key, web.key])
        _ = machine.claimAnswered(db.key, lease: lease, .heldByAnotherHost(holder), at: .zero)
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 9), at: .zero)
        #expect(machine.statuses[web.key] == .registered(lease: lease, at: 9))
    }

    @Test func onlySoManyClaimsAreUnderWayAtOnce() throws {
        var machine = machine()
        let many = try (0..<50).map { try Self.instance("s", "i-\($0)") }
        _ = machine.servicesChanged(to: many, at: .zero)
        let lease = try grant(in: machine.started(at: .zero))
        var waiting = claims(
            in: machine.leaseGranted(lease, ttl: .seconds(10), sent: .zero, at: .zero)
        )
        var revision = Revision(rawValue: 10)
        var most = 0
        while let claim = waiting.popLast() {
            most = max(most, waiting.count + 1)
            revision = revision.next
            waiting += claims(
                in: machine.claimAnswered(
                    claim.instance,
                    lease: lease,
                    .claimed(at: revision),
                    at: .zero
                )
            )
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
            made = claims(in: machine.timePassed(to: try #require(machine.deadline)))
        }
        #expect(made.map(\.lease) == [lease])
    }

    // MARK: changes of what is wanted

    @Test func aChangedServiceIsPutAgainAndTheOthersAreNotTouched() throws {
        var (machine, _) = try registered()
        var heavier = web
        heavier.weight = 200
        #expect(claims(in: machine.servicesChanged(to: [web], at: .zero)).isEmpty)
        #expect(claims(in: machine.servicesChanged(to: [heavier], at: .zero)).count == 1)
        #expect(withdrawals(in: machine.servicesChanged(to: [heavier], at: .zero)).isEmpty)
    }

    @Test func aRemovedServiceIsWithdrawnAndForgotten() throws {
        var (machine, lease) = try registered()
        let actions = machine.servicesChanged(to: [], at: .zero)
        let claim = try #require(withdrawals(in: actions).first)
        #expect(claim.lease == lease)
        #expect(String(decoding: claim.value, as: UTF8.self).contains(#""state":"leaving""#))
        _ = machine.withdrawn(web.key, lease: lease, at: .zero)
        #expect(machine.statuses.isEmpty)
        #expect(machine.leaseID == lease)
    }

    @Test func aServiceIsWithdrawnAndPutBackAloneUnderTheSameLease() throws {
        var (machine, lease) = try registered()
        #expect(withdrawals(in: machine.servicesChanged(to: [], at: .zero)).count == 1)
        // Put back before the withdrawal is done: first the one, then the other.
        #expect(machine.servicesChanged(to: [web], at: .zero).isEmpty)
        let actions = machine.withdrawn(web.key, lease: lease, at: .zero)
        #expect(claims(in: actions).map(\.lease) == [lease])
    }

    @Test func aWithdrawnServiceStaysOutWhenTheLeaseIsLost() throws {
        var (machine, lease) = try registered()
        _ = machine.servicesChanged(to: [], at: .zero)
        _ = machine.withdrawn(web.key, lease: lease, at: .zero)
        let new = try grant(in: machine.keepAliveAnswered(ttl: .zero, on: 1, at: .seconds(1)))
        let actions = machine.leaseGranted(new, ttl: .seconds(10), sent: .zero, at: .seconds(1))
        #expect(claims(in: actions).isEmpty)
    }

    // MARK: leaving

    @Test func leavingMarksTheKeysAndRevokesTheLease() throws {
        var (machine, lease) = try registered()
        guard
            case .leave(let revoked, let markers) = try #require(
                machine.leaveRequested(at: .zero).last
            )
        else {
            Issue.record("no leave")
            return
        }
        #expect(revoked == lease)
        #expect(markers.map(\.key) == ["services/web/web-1"])
        #expect(machine.leaveRequested(at: .zero).isEmpty)
        #expect(
            machine.keysHeard(.events([.deleted(key: "services/web/web-1", at: 9)]), at: .zero)
                .allSatisfy { if case .claim = $0 { false } else { true } }
        )
        #expect(machine.leaveEnded(nil).contains { if case .finish = $0 { true } else { false } })
        #expect(machine.deadline == nil)
    }

    @Test func leavingWhileTheGrantIsUnderWayRevokesItsId() throws {
        var machine = machine()
        _ = machine.servicesChanged(to: [web], at: .zero)
        let lease = try grant(in: machine.started(at: .zero))
        #expect(machine.leaveRequested(at: .zero).isEmpty)
        let actions = machine.grantFailed(lease, because: Self.away, at: .milliseconds(5))
        guard case .leave(let revoked, _) = try #require(actions.last) else {
            Issue.record("no leave")
            return
        }
        #expect(revoked == lease)
    }

    // MARK: parts

    /// The claims among `actions`, or else those that time brings, and when.
    private func nextClaims(
        _ machine: inout RegistrationMachine,
        _ actions: [RegistrationMachine.Action],
        _ now: Duration
    ) throws -> (claims: [Claim], now: Duration) {
        var (actions, now) = (actions, now)
        while claims(in: actions).isEmpty {
            now = max(now, try #require(machine.deadline))
            actions = machine.timePassed(to: now)
            for action in actions {
                switch action {
                case .sendKeepAlive(let stream), .openKeepAlive(_, let stream):
                    _ = machine.keepAliveAnswered(ttl: .seconds(10), on: stream, at: now)
                default: break
                }
            }
        }
        return (claims(in: actions), now)
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
        let lease = try grant(in: machine.started(at: .zero))
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
            key: ServiceKey(
                service: try #require(ServiceName(declared: service)),
                instance: try #require(InstanceID(declared: id))
            ),
            address: try #require(HostAddress("10.0.0.1")),
            port: 80
        )
    }

    private func grant(in actions: [RegistrationMachine.Action]) throws -> LeaseID {
        try #require(
            actions.compactMap { if case .grant(let id, _) = $0 { id } else { nil } }.first
        )
    }

    private func claims(in actions: [RegistrationMachine.Action]) -> [Claim] {
        actions.compactMap { if case .claim(let claim) = $0 { claim } else { nil } }
    }

    private func withdrawals(in actions: [RegistrationMachine.Action]) -> [Claim] {
        actions.compactMap { if case .withdraw(let claim) = $0 { claim } else { nil } }
    }

    private func losses(in actions: [RegistrationMachine.Action]) -> [KeyLoss] {
        actions.compactMap { if case .report(.lost(_, let loss)) = $0 { loss } else { nil } }
    }

    private func refusals(in actions: [RegistrationMachine.Action]) -> [Refusal] {
        actions.compactMap {
            if case .report(.refused(_, let refusal)) = $0 { refusal } else { nil }
        }
    }
}
