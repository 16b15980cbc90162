import Machines
import TestKit
import Testing

@testable import Registry

/// The machine alone: instants are numbers, answers are method calls.
@Suite struct WatchMachineTests {
    private let settings = WatchMachine.Settings()

    @Test func theListIsPublishedAfterTheSnapshotAndWatchedAfterItsRevision() throws {
        var machine = machine()
        #expect(machine.started() == [.list(isUrgent: true)])
        let state = Snapshot(40, ["web/1": 38, "web/2": 40])
        #expect(
            machine.snapshotArrived(state, at: .zero) == [
                .tell(.page(state.records, isFirst: true)),
                .tell(.listed(at: 40, isRestored: false)),
                .publish(isReadAnew: true),
                .report(.synced(revision: 40, services: 1, endpoints: 2, bad: 0, foreign: 0)),
                .openWatch(stream: 1, after: state.mark),
            ]
        )
        let update = try #require(machine.newest)
        #expect(update.revision == 40 && update.table.endpointCount == 2)
        #expect(machine.isCurrent)
    }

    @Test func changesOfOneAnswerArePublishedAtOnceAtTheLastRevision() throws {
        var machine = synced(40, ["web/1": 38, "db/1": 30])
        let events = [
            StoreEvent.plain("web/2", at: 42), .deleted(key: "services/web/1", at: 44),
        ]
        let gone = try #require(machine.table[try ServiceKey("web/1")])
        let actions = machine.newsArrived(WatchNews(45, events), on: 1, at: .zero)
        let came = try #require(machine.table[try ServiceKey("web/2")])
        #expect(
            actions == [
                .tell(.events(events)),
                .tellChanges([
                    EndpointChange(came.instance.key, .appeared(came), at: 42),
                    EndpointChange(gone.instance.key, .vanished(gone), at: 44),
                ]),
                .publish(isReadAnew: false),
            ]
        )
        let update = try #require(machine.newest)
        #expect(update.revision == 44)
        #expect(update.table.keys == ["db/1", "web/2"])
    }

    @Test func whatIsNotNewerThanTheTableIsIgnored() {
        var machine = synced(40, ["web/1": 38])
        let stale = WatchNews(
            41,
            [.plain("web/9", at: 39), .deleted(key: "services/web/1", at: 40)]
        )
        #expect(machine.newsArrived(stale, on: 1, at: .zero).isEmpty)
        #expect(machine.table.keys == ["web/1"])
    }

    @Test func anEventWithoutAVisibleChangePublishesTheSameListAtItsRevision() throws {
        var machine = synced(40, ["web/1": 38])
        let before = machine.table
        let actions = machine.newsArrived(
            WatchNews(41, [.deleted(key: "services/web/9", at: 41)]),
            on: 1,
            at: .zero
        )
        // How far the list has come is told all the same: somebody may wait for that revision.
        let update = try #require(actions.update(of: machine))
        #expect(update.revision == 41 && update.table == before)
    }

    @Test func aLeavingInstanceIsGoneBeforeItsKeyIs() throws {
        var machine = synced(40, ["web/1": 38])
        let leaving = machine.newsArrived(
            WatchNews(41, [.plain("web/1", at: 41, state: .leaving)]),
            on: 1,
            at: .zero
        )
        #expect(try #require(leaving.update(of: machine)).table.endpointCount == 0)
        let gone = machine.newsArrived(
            WatchNews(42, [.deleted(key: "services/web/1", at: 42)]),
            on: 1,
            at: .zero
        )
        #expect(gone.update(of: machine)?.table.endpointCount == 0)
    }

    @Test func keysOutsideThePrefixAndForeignKeysAreNotPublished() throws {
        var machine = synced(40, [:])
        var elsewhere = StoredRecord(plain: "web/1", at: 42)
        elsewhere.key = "elsewhere/web/1"
        let actions = machine.newsArrived(
            WatchNews(
                43,
                [.plain("web/a/b", at: 41), .put(elsewhere), .plain("web", at: 43)]
            ),
            on: 1,
            at: .zero
        )
        #expect(try #require(actions.update(of: machine)).table == EndpointTable())
    }

    // MARK: broken streams

    @Test(arguments: [StoreError.Code.unavailable, .compacted, .other, .refused])
    func aStreamThatEndsIsFollowedByAListWithTheOldTableMeanwhile(code: StoreError.Code) throws {
        var machine = synced(40, ["web/1": 38, "web/2": 39])
        let actions = machine.watchEnded(1, because: StoreError(code, "ended"), at: .seconds(9))
        #expect(actions == [.report(.outOfSync(reason: "ended"))] && !machine.isCurrent)
        #expect(machine.table.keys == ["web/1", "web/2"])

        let then = try #require(machine.deadline)
        #expect(then <= .seconds(9) + settings.backoff.base)
        #expect(machine.timePassed(to: then) == [.list(isUrgent: false)])
        // What was deleted while nobody watched is in nobody's events.
        let resynced = machine.snapshotArrived(Snapshot(90, ["web/2": 39]), at: then)
        #expect(try #require(resynced.update(of: machine)).table.endpointCount == 1)
    }

    @Test func aStreamThatKeepsSilentIsAskedTwiceAndThenGivenUp() {
        var machine = synced(40, [:])
        let patience = settings.patience
        #expect(machine.deadline == patience)
        #expect(
            machine.timePassed(to: patience)
                == [.askProgress(stream: 1), .count(stream: 1, connection: 1)]
        )
        #expect(machine.deadline == patience * 2)
        #expect(
            machine.timePassed(to: patience * 2) == [.suspectConnection, .askProgress(stream: 1)]
        )
        #expect(machine.deadline == patience * 3)
        #expect(
            machine.timePassed(to: patience * 3) == [
                .closeWatch(stream: 1), .report(.outOfSync(reason: "the watch does not answer")),
            ]
        )
    }

    @Test func anyAnswerProvesThatTheStreamLives() throws {
        var machine = synced(40, [:])
        var now = Duration.zero
        for _ in 0..<100 {
            now = try #require(machine.deadline)
            let actions = machine.timePassed(to: now)
            #expect(actions.contains(.askProgress(stream: 1)))
            _ = machine.newsArrived(WatchNews(40, []), on: 1, at: now)
        }
        #expect(machine.isCurrent)
    }

    @Test func lateNewsOfAnOldStreamIsIgnored() throws {
        var machine = synced(40, [:])
        _ = machine.watchEnded(1, because: Self.away, at: .zero)
        #expect(
            machine.newsArrived(WatchNews(50, [.plain("web/1", at: 50)]), on: 1, at: .zero).isEmpty
        )
        _ = machine.timePassed(to: try #require(machine.deadline))
        _ = machine.snapshotArrived(Snapshot(60, [:]), at: .zero)
        #expect(
            machine.newsArrived(WatchNews(61, [.plain("web/1", at: 61)]), on: 1, at: .zero).isEmpty
        )
        #expect(machine.watchEnded(1, because: Self.away, at: .zero).isEmpty)
        #expect(machine.isCurrent)
    }

    @Test func reconnectingShortensTheWaitButNotToNothingForAWholeFleet() throws {
        var waits: Set<Duration> = []
        for seed in 0..<50 as Range<UInt64> {
            var machine = WatchMachine(settings, generator: SeededGenerator(seed: seed))
            _ = machine.started()
            for _ in 0..<8 {
                _ = machine.snapshotFailed(Self.away, at: .zero)
                _ = machine.timePassed(to: .seconds(60))
            }
            _ = machine.snapshotFailed(Self.away, at: .zero)
            #expect(machine.storeReconnected(at: .zero).isEmpty)
            let wait = try #require(machine.deadline)
            #expect(wait <= settings.backoff.base)
            waits.insert(wait)
        }
        #expect(waits.count > 40)
    }

    @Test func streamsThatEndAsSoonAsTheyAreOpenedAreOpenedEverMoreSlowly() throws {
        var machine = machine()
        _ = machine.started()
        var now = Duration.zero
        var lists = 0
        while now < .seconds(60) {
            lists += 1
            _ = machine.snapshotArrived(Snapshot(40, [:]), at: now)
            _ = machine.newsArrived(WatchNews(40, []), on: lists, at: now)
            _ = machine.watchEnded(lists, because: Self.away, at: now)
            now = try #require(machine.deadline)
            _ = machine.timePassed(to: now)
        }
        #expect(lists < 60, "\(lists) lists in a minute")
    }

    // MARK: restored stores

    @Test func aLinearizableListWithALowerRevisionIsARestoreAndIsSaid() throws {
        var machine = synced(40, ["web/1": 38])
        _ = machine.watchEnded(1, because: Self.away, at: .zero)
        _ = machine.timePassed(to: try #require(machine.deadline))
        let actions = machine.snapshotArrived(Snapshot(7, ["web/2": 6]), at: .zero)
        #expect(actions.contains(.report(.restored(from: 40, to: 7, isOtherCluster: false))))
        let update = try #require(actions.update(of: machine))
        #expect(update.revision == 7 && update.table.keys == ["web/2"])
        #expect(actions.contains(.tell(.listed(at: 7, isRestored: true))))
    }

    @Test func anotherClusterIsARestoreWhateverItsRevision() throws {
        var machine = synced(40, ["web/1": 38])
        var other = Snapshot(99, [:])
        other.clusterID = ClusterID(rawValue: 2)
        _ = machine.watchEnded(1, because: Self.away, at: .zero)
        _ = machine.timePassed(to: try #require(machine.deadline))
        #expect(
            machine.snapshotArrived(other, at: .zero)
                .contains(.report(.restored(from: 40, to: 99, isOtherCluster: true)))
        )
    }

    // MARK: bad records

    @Test func aBadRecordIsCountedSaidOnceAndSpoilsNoOther() throws {
        var machine = machine()
        _ = machine.started()
        var state = Snapshot(40, ["web/1": 38, "web/2": 39])
        state.records[0].value = Array("garbage".utf8)
        let actions = machine.snapshotArrived(state, at: .zero)
        #expect(try #require(actions.update(of: machine)).table.keys == ["web/2"])
        #expect(
            actions.reports == [
                .badRecord(key: "services/web/1", .badAddress),
                .synced(revision: 40, services: 1, endpoints: 1, bad: 1, foreign: 0),
            ]
        )
        var worse = StoredRecord(plain: "web/1", at: 41)
        worse.value = Array("garbage".utf8)
        let again = machine.newsArrived(WatchNews(41, [.put(worse)]), on: 1, at: .zero)
        #expect(again == [.tell(.events([.put(worse)])), .publish(isReadAnew: false)])
    }

    @Test func aRecordThatTurnsBadKeepsItsLastGoodEndpointForTheHoldTime() throws {
        var machine = synced(40, ["web/1": 38])
        var worse = StoredRecord(plain: "web/1", at: 41)
        worse.value = []
        let actions = machine.newsArrived(WatchNews(41, [.put(worse)]), on: 1, at: .seconds(10))
        #expect(actions.reports == [.badRecord(key: "services/web/1", .unreadable)])
        #expect(machine.table.keys == ["web/1"])

        var now = Duration.seconds(10)
        var dropped: TableUpdate?
        while dropped == nil {
            now = try #require(machine.deadline)
            dropped = machine.timePassed(to: now).update(of: machine)
            _ = machine.newsArrived(WatchNews(41, []), on: 1, at: now)
        }
        #expect(now == .seconds(70))
        #expect(dropped?.table.endpointCount == 0)
    }

    @Test func aHoldIsNotMadeLongerByAResync() throws {
        var machine = synced(40, ["web/1": 38])
        var worse = StoredRecord(plain: "web/1", at: 41)
        worse.value = []
        _ = machine.newsArrived(WatchNews(41, [.put(worse)]), on: 1, at: .seconds(10))
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(30))
        _ = machine.timePassed(to: .seconds(31))
        var state = Snapshot(42, [:])
        state.records = [worse]
        _ = machine.snapshotArrived(state, at: .seconds(31))
        #expect(machine.table.keys == ["web/1"])
        let over = machine.timePassed(to: .seconds(70))
        #expect(over.update(of: machine)?.table.endpointCount == 0)
    }

    // MARK: parts

    private static let away = StoreError(.unavailable, "away")

    private func machine() -> WatchMachine {
        WatchMachine(settings, generator: SeededGenerator(seed: 7))
    }

    // MARK: hostile numbers

    /// No etcd comes to the last of all numbers; a server may say so.
    @Test(arguments: [Int64.max, Int64.min, -1])
    func noRevisionThatAServerSaysEndsTheProgram(number: Int64) {
        let revision = Revision(rawValue: number)
        #expect(revision.next.rawValue >= number)
        var machine = synced(40, ["web/1": 38])
        _ = machine.newsArrived(
            WatchNews(revision, [.plain("web/2", at: revision)]),
            on: 1,
            at: .zero
        )
        let count = KeyCount(clusterID: ClusterID(rawValue: 1), revision: revision, count: .max)
        _ = machine.countArrived(count, on: 1, at: .zero)
        let summary = KeySummary(
            revision: revision,
            count: .max,
            changed: ["services/a/b": revision]
        )
        for second in 0..<3 { _ = machine.summaryArrived(summary, at: .seconds(second)) }
        _ = machine.snapshotArrived(Snapshot(revision, ["web/1": revision]), at: .seconds(3))
        _ = machine.timePassed(to: .seconds(10_000))
    }

    // MARK: losses and comparisons

    @Test func aWipedStoreTakesNothingOffTheListsBeforeTheHoldTimeIsOver() throws {
        var machine = synced(40, ["web/1": 38, "web/2": 39, "web/3": 40])
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(1))
        _ = machine.timePassed(to: try #require(machine.deadline))
        let actions = machine.snapshotArrived(Snapshot(1, [:]), at: .seconds(2))
        #expect(actions.contains(.report(.massLoss(held: 3, of: 3))))
        let update = try #require(actions.update(of: machine))
        #expect(update.table.endpointCount == 0 && update.held.count == 3)

        let back = machine.newsArrived(
            WatchNews(2, [.plain("web/1", at: 2)]),
            on: 2,
            at: .seconds(3)
        )
        #expect(try #require(back.update(of: machine)).held.count == 2)
        let over = machine.timePassed(to: .seconds(62))
        #expect(try #require(over.update(of: machine)).held.isEmpty)
        #expect(over.contains(.report(.massLossEnded(dropped: 2))))
        #expect(machine.table.keys == ["web/1"])
    }

    @Test func anElectionThatCostsMostLeasesIsConfirmedByAListAndHeld() throws {
        var machine = synced(40, ["web/1": 38, "web/2": 39, "web/3": 40])
        _ = machine.newsArrived(WatchNews(40, [], term: 1), on: 1, at: .zero)
        _ = machine.newsArrived(WatchNews(40, [], term: 2), on: 1, at: .zero)
        let lost = WatchNews(
            42,
            [
                .deleted(key: "services/web/1", at: 41), .deleted(key: "services/web/2", at: 42),
            ],
            term: 2
        )
        let actions = machine.newsArrived(lost, on: 1, at: .seconds(10))
        #expect(actions.contains(.list(isUrgent: false)))
        #expect(try #require(actions.update(of: machine)).held.count == 2)
        // The list says that they live after all.
        let confirmed = machine.snapshotArrived(
            Snapshot(43, ["web/1": 43, "web/2": 43, "web/3": 40]),
            at: .seconds(10)
        )
        let update = try #require(confirmed.update(of: machine))
        #expect(update.held.isEmpty && update.table.endpointCount == 3)
    }

    @Test func whoSaysThatHeLeavesIsNeverHeld() throws {
        var machine = synced(40, ["web/1": 38, "web/2": 39, "web/3": 40])
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(1))
        _ = machine.timePassed(to: try #require(machine.deadline))
        _ = machine.snapshotArrived(
            Snapshot(40, ["web/1": 38, "web/2": 39, "web/3": 40]),
            at: .seconds(2)
        )
        let leave = (1...3).map {
            StoreEvent.plain("web/\($0)", at: Revision(rawValue: 40 + Int64($0)), state: .leaving)
        }
        let actions = machine.newsArrived(WatchNews(43, leave), on: 2, at: .seconds(3))
        let update = try #require(actions.update(of: machine))
        #expect(update.table.endpointCount == 0 && update.held.isEmpty)
    }

    @Test func aListThatMissedSomethingIsReadAgainAndSaid() throws {
        var machine = synced(40, ["web/1": 38])
        let theirs = KeySummary(revision: 41, count: 2, changed: ["services/web/2": 41])
        var now = Duration.zero
        // Nothing but the comparison is due; the stream answers whenever it is asked.
        while !machine.timePassed(to: now).contains(.summarize(since: 40)) {
            _ = machine.newsArrived(WatchNews(40, []), on: 1, at: now)
            now = try #require(machine.deadline)
        }
        #expect(machine.summaryArrived(theirs, at: now).isEmpty)
        #expect(
            machine.summaryArrived(theirs, at: now + .seconds(2)) == [
                .report(.diverged(keys: 1, inStore: 2)), .closeWatch(stream: 1),
                .list(isUrgent: false),
            ]
        )
    }

    private func synced(_ revision: Revision, _ keys: [String: Revision]) -> WatchMachine {
        .synced(revision, keys, settings)
    }
}
