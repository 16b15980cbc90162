import Machines
import Testing

@testable import Registry

/// The machine alone: instants are numbers, answers are method calls.
@Suite struct WatchMachineTests {
    private let settings = WatchMachine.Settings()

    @Test func theListIsPublishedAfterTheSnapshotAndWatchedAfterItsRevision() throws {
        var machine = machine()
        #expect(has(machine.started()) { if case .list = $0 { true } else { false } })
        let actions = machine.snapshotArrived(snapshot(40, ["web/1": 38, "web/2": 40]), at: .zero)
        let update = try #require(updates(in: actions, of: machine).first)
        #expect(update.revision == 40 && update.table.endpointCount == 2)
        #expect(
            has(actions) {
                if case .openWatch(_, let mark) = $0 { mark.revision == 40 } else { false }
            }
        )
        #expect(machine.isCurrent)
    }

    @Test func changesOfOneAnswerArePublishedAtOnceAtTheLastRevision() throws {
        var machine = synced(40, ["web/1": 38, "db/1": 30])
        let actions = machine.newsArrived(
            news(45, [put("web/2", 42), .deleted(key: "services/web/1", at: 44)]),
            on: 1,
            at: .zero
        )
        let update = try #require(updates(in: actions, of: machine).first)
        #expect(updates(in: actions, of: machine).count == 1)
        #expect(update.revision == 44)
        #expect(keys(update.table) == ["db/1", "web/2"])
    }

    @Test func whatIsNotNewerThanTheTableIsIgnored() {
        var machine = synced(40, ["web/1": 38])
        let stale = news(41, [put("web/9", 39), .deleted(key: "services/web/1", at: 40)])
        #expect(machine.newsArrived(stale, on: 1, at: .zero).isEmpty)
        #expect(keys(machine.table) == ["web/1"])
    }

    @Test func anEventWithoutAVisibleChangePublishesTheSameListAtItsRevision() throws {
        var machine = synced(40, ["web/1": 38])
        let before = machine.table
        let actions = machine.newsArrived(
            news(41, [.deleted(key: "services/web/9", at: 41)]),
            on: 1,
            at: .zero
        )
        // How far the list has come is told all the same: somebody may wait for that revision.
        let update = try #require(updates(in: actions, of: machine).first)
        #expect(update.revision == 41 && update.table == before)
    }

    @Test func aLeavingInstanceIsGoneBeforeItsKeyIs() throws {
        var machine = synced(40, ["web/1": 38])
        let leaving = machine.newsArrived(
            news(41, [put("web/1", 41, state: .leaving)]),
            on: 1,
            at: .zero
        )
        #expect(try #require(updates(in: leaving, of: machine).first).table.endpointCount == 0)
        let gone = machine.newsArrived(
            news(42, [.deleted(key: "services/web/1", at: 42)]),
            on: 1,
            at: .zero
        )
        #expect(updates(in: gone, of: machine).first?.table.endpointCount == 0)
    }

    @Test func keysOutsideThePrefixAndForeignKeysAreNotPublished() throws {
        var machine = synced(40, [:])
        let actions = machine.newsArrived(
            news(43, [put("web/a/b", 41), .put(record("elsewhere/web/1", 42)), put("web", 43)]),
            on: 1,
            at: .zero
        )
        #expect(try #require(updates(in: actions, of: machine).first).table == EndpointTable())
    }

    // MARK: broken streams

    @Test(arguments: [StoreError.Code.unavailable, .compacted, .other, .refused])
    func aStreamThatEndsIsFollowedByAListWithTheOldTableMeanwhile(code: StoreError.Code) throws {
        var machine = synced(40, ["web/1": 38, "web/2": 39])
        let actions = machine.watchEnded(1, because: StoreError(code, "ended"), at: .seconds(9))
        #expect(has(actions) { if case .report(.outOfSync) = $0 { true } else { false } })
        #expect(updates(in: actions, of: machine).isEmpty && !machine.isCurrent)
        #expect(keys(machine.table) == ["web/1", "web/2"])

        let then = try #require(machine.deadline)
        #expect(then <= .seconds(9) + settings.backoff.base)
        #expect(has(machine.timePassed(to: then)) { if case .list = $0 { true } else { false } })
        // What was deleted while nobody watched is in nobody's events.
        let resynced = machine.snapshotArrived(snapshot(90, ["web/2": 39]), at: then)
        #expect(try #require(updates(in: resynced, of: machine).first).table.endpointCount == 1)
    }

    @Test func theListIsAskedForUntilItSucceedsAndTheLossIsSaidOnce() throws {
        var machine = synced(40, ["web/1": 38])
        var actions = machine.watchEnded(1, because: Self.away, at: .zero)
        var now = Duration.zero
        for _ in 0..<100 {
            now = max(now, try #require(machine.deadline))
            actions += machine.timePassed(to: now)
            actions += machine.snapshotFailed(Self.away, at: now)
        }
        let losses = actions.count { if case .report(.outOfSync) = $0 { true } else { false } }
        let lists = actions.count { if case .list = $0 { true } else { false } }
        #expect(losses == 1 && lists == 100)
        #expect(keys(machine.table) == ["web/1"])
    }

    @Test func aStreamThatKeepsSilentIsAskedTwiceAndThenGivenUp() throws {
        var machine = synced(40, [:])
        var asked = 0
        var suspectedAt: Duration?
        while true {
            let now = try #require(machine.deadline)
            let actions = machine.timePassed(to: now)
            if has(actions, { if case .askProgress(1) = $0 { true } else { false } }) { asked += 1 }
            if has(actions, { if case .suspectConnection = $0 { true } else { false } }) {
                suspectedAt = now
            }
            if has(actions, { if case .closeWatch(1) = $0 { true } else { false } }) {
                #expect(now == settings.patience * 3 && suspectedAt == settings.patience * 2)
                break
            }
        }
        #expect(asked == 2)
    }

    @Test func anyAnswerProvesThatTheStreamLives() throws {
        var machine = synced(40, [:])
        var now = Duration.zero
        for _ in 0..<100 {
            now = try #require(machine.deadline)
            let actions = machine.timePassed(to: now)
            #expect(has(actions) { if case .askProgress(1) = $0 { true } else { false } })
            _ = machine.newsArrived(news(40, []), on: 1, at: now)
        }
        #expect(machine.isCurrent)
    }

    @Test func lateNewsOfAnOldStreamIsIgnored() throws {
        var machine = synced(40, [:])
        _ = machine.watchEnded(1, because: Self.away, at: .zero)
        #expect(machine.newsArrived(news(50, [put("web/1", 50)]), on: 1, at: .zero).isEmpty)
        _ = machine.timePassed(to: try #require(machine.deadline))
        _ = machine.snapshotArrived(snapshot(60, [:]), at: .zero)
        #expect(machine.newsArrived(news(61, [put("web/1", 61)]), on: 1, at: .zero).isEmpty)
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
            _ = machine.snapshotArrived(snapshot(40, [:]), at: now)
            _ = machine.newsArrived(news(40, []), on: lists, at: now)
            _ = machine.watchEnded(lists, because: Self.away, at: now)
            now = try #require(machine.deadline)
            _ = machine.timePassed(to: now)
        }
        #expect(lists < 60, "\(lists) lists in a minute")
    }

    // MARK: restored stores

    @Test func aMemberThatLagsIsASuspicionAndTheListDoesNotGoBack() throws {
        var machine = synced(40, ["web/1": 38])
        let actions = machine.newsArrived(news(35, []), on: 1, at: .zero)
        #expect(has(actions) { if case .closeWatch(1) = $0 { true } else { false } })
        #expect(updates(in: actions, of: machine).isEmpty)
        _ = machine.timePassed(to: try #require(machine.deadline))
        let confirmed = machine.snapshotArrived(snapshot(41, ["web/1": 38]), at: .zero)
        #expect(!has(confirmed) { if case .report(.restored) = $0 { true } else { false } })
    }

    @Test func aLinearizableListWithALowerRevisionIsARestoreAndIsSaid() throws {
        var machine = synced(40, ["web/1": 38])
        _ = machine.watchEnded(1, because: Self.away, at: .zero)
        _ = machine.timePassed(to: try #require(machine.deadline))
        let actions = machine.snapshotArrived(snapshot(7, ["web/2": 6]), at: .zero)
        #expect(
            has(actions) {
                if case .report(.restored(from: 40, to: 7, isOtherCluster: false)) = $0 {
                    true
                } else {
                    false
                }
            }
        )
        let update = try #require(updates(in: actions, of: machine).first)
        #expect(update.revision == 7 && keys(update.table) == ["web/2"])
        #expect(
            has(actions) {
                if case .tell(.listed(_, isRestored: true)) = $0 { true } else { false }
            }
        )
    }

    @Test func anotherClusterIsARestoreWhateverItsRevision() throws {
        var machine = synced(40, ["web/1": 38])
        var other = snapshot(99, [:])
        other.clusterID = ClusterID(rawValue: 2)
        _ = machine.watchEnded(1, because: Self.away, at: .zero)
        _ = machine.timePassed(to: try #require(machine.deadline))
        #expect(
            has(machine.snapshotArrived(other, at: .zero)) {
                if case .report(.restored(_, _, isOtherCluster: true)) = $0 { true } else { false }
            }
        )
    }

    // MARK: bad records

    @Test func aBadRecordIsCountedSaidOnceAndSpoilsNoOther() throws {
        var machine = machine()
        _ = machine.started()
        var state = snapshot(40, ["web/1": 38, "web/2": 39])
        state.records[0].value = Array("garbage".utf8)
        let actions = machine.snapshotArrived(state, at: .zero)
        #expect(keys(try #require(updates(in: actions, of: machine).first).table) == ["web/2"])
        #expect(bad(in: actions) == ["services/web/1"])
        var worse = record("services/web/1", 41)
        worse.value = Array("garbage".utf8)
        #expect(bad(in: machine.newsArrived(news(41, [.put(worse)]), on: 1, at: .zero)).isEmpty)
    }

    @Test func aRecordThatTurnsBadKeepsItsLastGoodEndpointForTheHoldTime() throws {
        var machine = synced(40, ["web/1": 38])
        var worse = record("services/web/1", 41)
        worse.value = []
        let actions = machine.newsArrived(news(41, [.put(worse)]), on: 1, at: .seconds(10))
        #expect(bad(in: actions) == ["services/web/1"])
        #expect(keys(machine.table) == ["web/1"])

        var now = Duration.seconds(10)
        var dropped: [TableUpdate] = []
        while dropped.isEmpty {
            now = try #require(machine.deadline)
            dropped = updates(in: machine.timePassed(to: now), of: machine)
            _ = machine.newsArrived(news(41, []), on: 1, at: now)
        }
        #expect(now == .seconds(70))
        #expect(dropped.first?.table.endpointCount == 0)
    }

    @Test func aHoldIsNotMadeLongerByAResync() throws {
        var machine = synced(40, ["web/1": 38])
        var worse = record("services/web/1", 41)
        worse.value = []
        _ = machine.newsArrived(news(41, [.put(worse)]), on: 1, at: .seconds(10))
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(30))
        _ = machine.timePassed(to: .seconds(31))
        var state = snapshot(42, [:])
        state.records = [worse]
        _ = machine.snapshotArrived(state, at: .seconds(31))
        #expect(keys(machine.table) == ["web/1"])
        #expect(
            updates(in: machine.timePassed(to: .seconds(70)), of: machine).first?.table
                .endpointCount == 0
        )
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
        _ = machine.newsArrived(news(revision, [put("web/2", revision)]), on: 1, at: .zero)
        let count = KeyCount(clusterID: ClusterID(rawValue: 1), revision: revision, count: .max)
        _ = machine.countArrived(count, on: 1, at: .zero)
        let summary = KeySummary(
            revision: revision,
            count: .max,
            changed: ["services/a/b": revision]
        )
        for second in 0..<3 { _ = machine.summaryArrived(summary, at: .seconds(second)) }
        _ = machine.snapshotArrived(snapshot(revision, ["web/1": revision]), at: .seconds(3))
        _ = machine.timePassed(to: .seconds(10_000))
    }

    // MARK: losses and comparisons

    @Test func aWipedStoreTakesNothingOffTheListsBeforeTheHoldTimeIsOver() throws {
        var machine = synced(40, ["web/1": 38, "web/2": 39, "web/3": 40])
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(1))
        _ = machine.timePassed(to: try #require(machine.deadline))
        let actions = machine.snapshotArrived(snapshot(1, [:]), at: .seconds(2))
        #expect(has(actions) { if case .report(.massLoss(3, of: 3)) = $0 { true } else { false } })
        let update = try #require(updates(in: actions, of: machine).first)
        #expect(update.table.endpointCount == 0 && update.held.count == 3)

        let back = machine.newsArrived(news(2, [put("web/1", 2)]), on: 2, at: .seconds(3))
        #expect(try #require(updates(in: back, of: machine).first).held.count == 2)
        #expect(machine.heldCount == 2)
        let over = machine.timePassed(to: .seconds(62))
        #expect(try #require(updates(in: over, of: machine).first).held.isEmpty)
        #expect(has(over) { if case .report(.massLossEnded(2)) = $0 { true } else { false } })
        #expect(keys(machine.table) == ["web/1"])
    }

    @Test func anElectionThatCostsMostLeasesIsConfirmedByAListAndHeld() throws {
        var machine = synced(40, ["web/1": 38, "web/2": 39, "web/3": 40])
        _ = machine.newsArrived(news(40, [], term: 1), on: 1, at: .zero)
        _ = machine.newsArrived(news(40, [], term: 2), on: 1, at: .zero)
        let lost = news(
            42,
            [
                .deleted(key: "services/web/1", at: 41), .deleted(key: "services/web/2", at: 42),
            ],
            term: 2
        )
        let actions = machine.newsArrived(lost, on: 1, at: .seconds(10))
        #expect(has(actions) { if case .list = $0 { true } else { false } })
        #expect(try #require(updates(in: actions, of: machine).first).held.count == 2)
        // The list says that they live after all.
        let confirmed = machine.snapshotArrived(
            snapshot(43, ["web/1": 43, "web/2": 43, "web/3": 40]),
            at: .seconds(10)
        )
        let update = try #require(updates(in: confirmed, of: machine).first)
        #expect(update.held.isEmpty && update.table.endpointCount == 3)
    }

    @Test func whoSaysThatHeLeavesIsNeverHeld() throws {
        var machine = synced(40, ["web/1": 38, "web/2": 39, "web/3": 40])
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(1))
        _ = machine.timePassed(to: try #require(machine.deadline))
        _ = machine.snapshotArrived(
            snapshot(40, ["web/1": 38, "web/2": 39, "web/3": 40]),
            at: .seconds(2)
        )
        let leave = (1...3).map {
            put("web/\($0)", Revision(rawValue: 40 + Int64($0)), state: .leaving)
        }
        let actions = machine.newsArrived(news(43, leave), on: 2, at: .seconds(3))
        let update = try #require(updates(in: actions, of: machine).first)
        #expect(update.table.endpointCount == 0 && update.held.isEmpty)
    }

    @Test func aListThatMissedSomethingIsReadAgainAndSaid() throws {
        var machine = synced(40, ["web/1": 38])
        let theirs = KeySummary(revision: 41, count: 2, changed: ["services/web/2": 41])
        var now = Duration.zero
        // Nothing but the comparison is due; the stream answers whenever it is asked.
        while !has(
            machine.timePassed(to: now),
            { if case .summarize(since: 40) = $0 { true } else { false } }
        ) {
            _ = machine.newsArrived(news(40, []), on: 1, at: now)
            now = try #require(machine.deadline)
        }
        #expect(machine.summaryArrived(theirs, at: now).isEmpty)
        let actions = machine.summaryArrived(theirs, at: now + .seconds(2))
        #expect(has(actions) { if case .report(.diverged) = $0 { true } else { false } })
        #expect(has(actions) { if case .list = $0 { true } else { false } })
    }

    private func synced(_ revision: Revision, _ records: [String: Revision]) -> WatchMachine {
        var machine = machine()
        _ = machine.started()
        _ = machine.snapshotArrived(snapshot(revision, records), at: .zero)
        return machine
    }

    private func snapshot(_ revision: Revision, _ records: [String: Revision]) -> Snapshot {
        Snapshot(
            clusterID: ClusterID(rawValue: 1),
            mark: SnapshotMark(revision: revision, connection: 1),
            records: records.sorted { $0.key < $1.key }.map {
                record("services/\($0.key)", $0.value)
            }
        )
    }

    private func record(
        _ key: String,
        _ revision: Revision,
        state: EndpointState = .up
    ) -> StoredRecord {
        let value = #"{"Addr":"10.0.0.1:80","discoveryd":{"state":"\#(state.rawValue)"}}"#
        return StoredRecord(
            key: StoreKey(key),
            value: Array(value.utf8),
            createRevision: revision,
            modRevision: revision,
            version: 1,
            lease: .none
        )
    }

    private func put(_ key: String, _ revision: Revision, state: EndpointState = .up) -> StoreEvent
    {
        .put(record("services/\(key)", revision, state: state))
    }

    private func news(
        _ revision: Revision,
        _ events: [StoreEvent],
        term: UInt64 = 0
    ) -> WatchNews {
        WatchNews(
            clusterID: ClusterID(rawValue: 1),
            revision: revision,
            events: events,
            raftTerm: term
        )
    }

    private func keys(_ table: EndpointTable) -> [String] {
        table.names.flatMap { table.endpoints(of: $0) }.map(\.instance.key.description)
    }

    private func updates(
        in actions: [WatchMachine.Action],
        of machine: WatchMachine
    ) -> [TableUpdate] {
        actions.compactMap { if case .publish = $0 { machine.newest } else { nil } }
    }

    private func bad(in actions: [WatchMachine.Action]) -> [StoreKey] {
        actions.compactMap { if case .report(.badRecord(let key, _)) = $0 { key } else { nil } }
    }

    private func has(
        _ actions: [WatchMachine.Action],
        _ test: (WatchMachine.Action) -> Bool
    ) -> Bool {
        actions.contains(where: test)
    }
}
