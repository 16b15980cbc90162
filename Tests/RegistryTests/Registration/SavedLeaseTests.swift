import Machines
import Testing
import Texts

@testable import Registry

/// The next life of the daemon goes on with the lease of the last one.
@Suite struct SavedLeaseTests {
    private let cluster = ClusterID(rawValue: 7)
    private let lease = LeaseID(rawValue: 0x694d)
    private let settings: RegistrationMachine.Settings
    private let web: ServiceInstance

    init() throws {
        settings = .init(owner: try #require(OwnerID("host-a")))
        web = try RegistrationMachineTests.instance("web", "web-1")
    }

    @Test func whatIsWrittenIsRead() throws {
        let kept = SavedLease(lease, of: cluster, settings)
        #expect(SavedLease(kept.bytes) == kept)
    }

    @Test(arguments: [
        "", "{}", "[1]", "\u{0}\u{1}",
        #"{"cluster_id":7,"owner":"a","prefix":"p/","lease":0,"ttl":1}"#,
        #"{"cluster_id":7,"owner":"a","prefix":"p/","lease":"1","ttl":1}"#,
    ])
    func whatIsNoSavedLeaseIsNotRead(text: String) {
        #expect(SavedLease(Array(text.utf8)) == nil)
    }

    @Test func aLeaseThatLivesIsGoneOnWithAndNoneIsGranted() throws {
        var machine = machine(keeping: SavedLease(lease, of: cluster, settings))
        #expect(machine.started(at: .zero) == [.ask(lease)])
        let term = LeaseTerm(clusterID: cluster, granted: .seconds(10), remaining: .seconds(4))
        let actions = machine.leaseAnswered(lease, term, sent: .seconds(1), at: .seconds(1))
        #expect(machine.leaseID == lease)
        let claim = try #require(actions.claims.first)
        #expect(claim.lease == lease && claim.instance == web.key)
        #expect(
            actions == [
                .report(.leaseContinued(lease, term)), .openKeepAlive(lease, stream: 1),
                .claim(claim),
            ]
        )
    }

    @Test func aLeaseThatHasEndedIsReplaced() throws {
        var machine = machine(keeping: SavedLease(lease, of: cluster, settings))
        _ = machine.started(at: .zero)
        let actions = machine.leaseAnswered(lease, nil, sent: .zero, at: .zero)
        #expect(try #require(actions.grants.first) != lease)
    }

    @Test func aLeaseOfAnotherClusterIsReplaced() throws {
        var machine = machine(keeping: SavedLease(lease, of: cluster, settings))
        _ = machine.started(at: .zero)
        let term = LeaseTerm(clusterID: ClusterID(rawValue: 8), granted: .seconds(10))
        let actions = machine.leaseAnswered(lease, term, sent: .zero, at: .zero)
        #expect(try #require(actions.grants.first) != lease)
    }

    @Test func theLeaseOfAnotherHostIsNotTouched() throws {
        let theirs = RegistrationMachine.Settings(owner: try #require(OwnerID("host-b")))
        var machine = machine(keeping: SavedLease(lease, of: cluster, theirs))
        let actions = machine.started(at: .zero)
        let new = try #require(actions.grants.first)
        #expect(new != lease && actions == [.grant(new, ttl: settings.ttl)])
    }

    @Test func aLeaseUnderOtherSettingsIsRevokedAndReplaced() throws {
        var other = settings
        other.ttl = .seconds(30)
        var machine = machine(keeping: SavedLease(lease, of: cluster, other))
        let actions = machine.started(at: .zero)
        let new = try #require(actions.grants.first)
        #expect(new != lease && actions == [.revoke(lease), .grant(new, ttl: settings.ttl)])
    }

    @Test func aQuestionWithoutAnAnswerIsAskedAgain() throws {
        var machine = machine(keeping: SavedLease(lease, of: cluster, settings))
        _ = machine.started(at: .zero)
        var now = Duration.zero
        for _ in 0..<20 {
            let away = StoreError(.unavailable, "away")
            _ = machine.leaseAskFailed(lease, because: away, at: now)
            now = try #require(machine.deadline)
            #expect(machine.timePassed(to: now) == [.ask(lease)])
        }
    }

    @Test func aKeyOfTheLastLifeThatIsNoLongerConfiguredIsTakenOut() throws {
        var machine = machine(keeping: SavedLease(lease, of: cluster, settings))
        _ = machine.started(at: .zero)
        let old = try RegistrationMachineTests.instance("old", "old-1")
        let record = StoredRecord(
            key: StoreKey(old.key, under: settings.prefix),
            value: RecordCodec.encode(old, owner: settings.owner),
            createRevision: 3,
            modRevision: 3,
            version: 1,
            lease: lease
        )
        let mark = SnapshotMark(revision: 9, connection: 1)
        let snapshot = Snapshot(clusterID: cluster, mark: mark, records: [record])
        // The list may come before the store's word on the lease.
        _ = machine.listHeard(snapshot, isRestored: false)
        let term = LeaseTerm(clusterID: cluster, granted: .seconds(10))
        let actions = machine.leaseAnswered(lease, term, sent: .zero, at: .zero)
        #expect(actions.withdrawals.map { StoreKey($0.key) } == [record.key])
    }

    @Test func leavingWhileTheQuestionIsOpenRevokesTheLease() {
        var machine = machine(keeping: SavedLease(lease, of: cluster, settings))
        _ = machine.started(at: .zero)
        #expect(machine.leaveRequested(at: .zero) == [.leave(lease, markers: [])])
    }

    @Test func aPauseSaysNothingToTheStoreAndEnds() {
        var machine = machine(keeping: SavedLease(lease, of: cluster, settings))
        _ = machine.started(at: .zero)
        let term = LeaseTerm(clusterID: cluster, granted: .seconds(10))
        _ = machine.leaseAnswered(lease, term, sent: .zero, at: .zero)
        #expect(
            machine.pauseRequested()
                == [.closeKeepAlive(stream: 1), .report(.paused(lease)), .finish]
        )
    }

    @Test func aCopiedMachineThatGoesOnWithTheSameLeaseKeepsItAndIsNotFought() throws {
        var machine = machine(keeping: SavedLease(lease, of: cluster, settings))
        _ = machine.started(at: .zero)
        let term = LeaseTerm(clusterID: cluster, granted: .seconds(10))
        _ = machine.leaseAnswered(lease, term, sent: .zero, at: .zero)
        _ = machine.claimAnswered(web.key, lease: lease, .claimed(at: 5), at: .zero)
        var twin = web
        twin.address = try #require(HostAddress("10.0.0.77"))
        let record = StoredRecord(
            key: StoreKey(web.key, under: settings.prefix),
            value: RecordCodec.encode(twin, owner: settings.owner),
            createRevision: 5,
            modRevision: 6,
            version: 2,
            lease: lease
        )
        let actions = machine.keysHeard(.events([.put(record)]), at: .seconds(1))
        #expect(
            actions == [
                .report(.leaseShared(lease, with: "10.0.0.77:80")), .closeKeepAlive(stream: 1),
            ]
        )
        let next = machine.timePassed(to: .seconds(10))
        #expect(try #require(next.grants.first) != lease)
    }

    @Test func aLeaveDuringAGrantWaitsForItsAnswerSoThatNoLeaseIsLeft() throws {
        var machine = RegistrationMachine(settings, generator: SeededGenerator(seed: 1))
        _ = machine.servicesChanged(to: [web], at: .zero)
        let new = try #require(machine.started(at: .zero).grants.first)
        #expect(machine.leaveRequested(at: .zero).isEmpty)
        let actions = machine.leaseGranted(new, ttl: .seconds(10), sent: .zero, at: .seconds(1))
        #expect(actions == [.leave(new, markers: [])])
    }

    @Test func aLeaveDuringAGrantWithoutAnAnswerDoesNotWaitForLong() throws {
        var machine = RegistrationMachine(settings, generator: SeededGenerator(seed: 1))
        _ = machine.servicesChanged(to: [web], at: .zero)
        let new = try #require(machine.started(at: .zero).grants.first)
        _ = machine.leaveRequested(at: .zero)
        let due = try #require(machine.deadline)
        #expect(due <= .seconds(1))
        #expect(machine.timePassed(to: due) == [.leave(new, markers: [])])
    }

    @Test func `a lease is saved before it is reported, and forgotten when given back`() throws {
        var machine = RegistrationMachine(settings, generator: SeededGenerator(seed: 1))
        _ = machine.servicesChanged(to: [web], at: .zero)
        let new = try #require(machine.started(at: .zero).grants.first)
        let actions = machine.leaseGranted(new, ttl: .seconds(10), sent: .zero, at: .zero)
        let one = ClusterID(rawValue: 1)
        #expect(
            actions.prefix(2) == [
                .save(SavedLease(new, of: one, settings)),
                .report(.leaseGranted(new, LeaseTerm(clusterID: one, granted: .seconds(10)))),
            ]
        )
        _ = machine.leaveRequested(at: .seconds(1))
        #expect(machine.leaveEnded(nil) == [.save(nil), .report(.left(nil)), .finish])
    }

    @Test func `a lease that could not be given back stays saved`() throws {
        var machine = RegistrationMachine(settings, generator: SeededGenerator(seed: 1))
        _ = machine.servicesChanged(to: [web], at: .zero)
        let new = try #require(machine.started(at: .zero).grants.first)
        _ = machine.leaseGranted(new, ttl: .seconds(10), sent: .zero, at: .zero)
        _ = machine.leaveRequested(at: .seconds(1))
        let error = StoreError(.unavailable, "no answer")
        #expect(machine.leaveEnded(error) == [.report(.left(error)), .finish])
    }

    private func machine(keeping kept: SavedLease) -> RegistrationMachine {
        var machine = RegistrationMachine(
            settings,
            continuing: kept,
            generator: SeededGenerator(seed: 1)
        )
        _ = machine.servicesChanged(to: [web], at: .zero)
        return machine
    }
}
