import Machines
import Testing

@testable import Registry

/// What users of other programs suffered from their watches, each as a case of ours. The names say
/// where it happened.
@Suite struct OthersMisfortunesTests {
    private static let away = StoreError(.unavailable, "away")

    @Test("vip-manager 431: a list that fails after a lost watch is asked for until it succeeds")
    func aListThatFailsAfterALostWatchIsAskedForUntilItSucceeds() throws {
        var machine = synced(40, ["web/1": 38])
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(1))
        for _ in 0..<50 {
            let due = try #require(machine.deadline)
            #expect(lists(machine.timePassed(to: due)) == 1)
            _ = machine.snapshotFailed(Self.away, at: due)
            #expect(!machine.isCurrent)
        }
        let due = try #require(machine.deadline)
        _ = machine.timePassed(to: due)
        let actions = machine.snapshotArrived(snapshot(50, ["web/2": 45]), at: due)
        #expect(
            try #require(update(actions, machine)).table.endpointCount == 1 && machine.isCurrent
        )
    }

    @Test(
        "vip-manager 194: a member that was powered off is left after seconds, not after TCP's minutes"
    )
    func aMemberThatWasPoweredOffIsLeftAfterSeconds() throws {
        var machine = synced(40, ["web/1": 38])
        var suspected: Duration?
        while suspected == nil {
            let now = try #require(machine.deadline)
            let actions = machine.timePassed(to: now)
            if actions.contains(where: { if case .suspectConnection = $0 { true } else { false } })
            {
                suspected = now
            }
        }
        // The question to the member takes 2 s more, then another one is asked.
        #expect(try #require(suspected) <= .milliseconds(2500))
    }

    @Test("APISIX 13067: that the watch is there, or how far the member is, delivers no event")
    func thatTheWatchIsThereOrHowFarTheMemberIsDeliversNoEvent() throws {
        var machine = synced(40, ["web/1": 38])
        // "Created", and then progress, both far beyond an event that is still to come.
        _ = machine.newsArrived(news(90, []), on: 1, at: .seconds(1))
        _ = machine.newsArrived(news(95, []), on: 1, at: .seconds(2))
        #expect(machine.revision == 40)
        let actions = machine.newsArrived(news(95, [put("web/2", 60)]), on: 1, at: .seconds(3))
        #expect(try #require(update(actions, machine)).table.endpointCount == 2)
    }

    @Test(
        "APISIX 12167: an idle prefix that a busy cluster compacts again and again changes no list"
    )
    func anIdlePrefixThatABusyClusterCompactsChangesNoList() throws {
        var machine = synced(40, ["web/1": 38])
        let before = machine.table
        for round in 1...20 as ClosedRange<Int64> {
            let now = Duration.seconds(10 * round)
            let compacted = StoreError(.compacted, "compacted")
            _ = machine.watchEnded(Int(round), because: compacted, at: now)
            let due = try #require(machine.deadline)
            _ = machine.timePassed(to: due)
            let list = snapshot(Revision(rawValue: 40 + 1000 * round), ["web/1": 38])
            _ = machine.snapshotArrived(list, at: due)
            #expect(machine.table == before)
        }
    }

    @Test("milvus 17908, jetcd, cilium: what was deleted while the history was compacted is gone")
    func whatWasDeletedWhileTheHistoryWasCompactedIsGone() throws {
        var machine = synced(40, ["web/1": 38, "web/2": 39, "web/3": 40])
        _ = machine.watchEnded(1, because: StoreError(.compacted, "compacted"), at: .seconds(1))
        _ = machine.timePassed(to: try #require(machine.deadline))
        let list = snapshot(900, ["web/1": 38, "web/3": 40])
        let actions = machine.snapshotArrived(list, at: .seconds(2))
        let shown = try #require(update(actions, machine))
        #expect(shown.table.endpointCount == 2)
        // One of three is no mass loss; it only waits a moment for others.
        _ = machine.timePassed(to: .seconds(4))
        #expect(machine.heldCount == 0)
    }

    @Test("etcd 17612, gazette 24: an event that the server never sent is found by the comparison")
    func anEventThatTheServerNeverSentIsFoundByTheComparison() throws {
        var machine = synced(40, ["web/1": 38, "web/2": 39])
        // web/2 has expired, and nobody said so.
        let summary = KeySummary(revision: 60, count: 1, changed: [:])
        _ = machine.summaryArrived(summary, at: .seconds(300))
        let actions = machine.summaryArrived(summary, at: .seconds(302))
        #expect(lists(actions) == 1)
    }

    @Test("etcd before 3.5.8: an event that is told twice, or late, changes nothing")
    func anEventThatIsToldTwiceOrLateChangesNothing() throws {
        var machine = synced(40, ["web/1": 38])
        _ = machine.newsArrived(
            news(42, [put("web/2", 41), put("web/3", 42)]),
            on: 1,
            at: .seconds(1)
        )
        let again = machine.newsArrived(news(42, [put("web/2", 41)]), on: 1, at: .seconds(2))
        #expect(update(again, machine) == nil && machine.revision == 42)
        let late = news(43, [.deleted(key: "services/web/2", at: 40)])
        #expect(update(machine.newsArrived(late, on: 1, at: .seconds(3)), machine) == nil)
        #expect(machine.table.endpointCount == 3)
    }

    @Test("etcd before 3.5.8: an answer that travels back in time is checked, not believed")
    func anAnswerThatTravelsBackInTimeIsCheckedNotBelieved() throws {
        var machine = synced(40, ["web/1": 38])
        let actions = machine.newsArrived(news(12, []), on: 1, at: .seconds(1))
        #expect(!actions.contains { if case .report(.restored) = $0 { true } else { false } })
        _ = machine.timePassed(to: try #require(machine.deadline))
        let list = machine.snapshotArrived(snapshot(44, ["web/1": 38]), at: .seconds(2))
        #expect(!list.contains { if case .report(.restored) = $0 { true } else { false } })
        #expect(machine.table.endpointCount == 1 && machine.revision == 44)
    }

    @Test("confd 671: a change that comes between two watches is in the list that joins them")
    func aChangeThatComesBetweenTwoWatchesIsInTheListThatJoinsThem() throws {
        var machine = synced(40, ["web/1": 38])
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(1))
        _ = machine.timePassed(to: try #require(machine.deadline))
        let actions = machine.snapshotArrived(
            snapshot(41, ["web/1": 38, "web/2": 41]),
            at: .seconds(2)
        )
        #expect(try #require(update(actions, machine)).table.endpointCount == 2)
        let watched = actions.compactMap {
            if case .openWatch(_, let mark) = $0 { mark.revision } else { nil }
        }
        #expect(watched == [41])
    }

    // MARK: parts

    private func synced(_ revision: Revision, _ records: [String: Revision]) -> WatchMachine {
        var machine = WatchMachine(.init(), generator: SeededGenerator(seed: 5))
        _ = machine.started()
        _ = machine.snapshotArrived(snapshot(revision, records), at: .zero)
        return machine
    }

    private func snapshot(_ revision: Revision, _ records: [String: Revision]) -> Snapshot {
        Snapshot(
            clusterID: ClusterID(rawValue: 1),
            mark: SnapshotMark(revision: revision, connection: 1),
            records: records.sorted { $0.key < $1.key }.map { record($0.key, $0.value) }
        )
    }

    private func put(_ key: String, _ revision: Revision) -> StoreEvent {
        .put(record(key, revision))
    }

    private func record(_ key: String, _ revision: Revision) -> StoredRecord {
        StoredRecord(plain: key, at: revision)
    }

    private func news(_ revision: Revision, _ events: [StoreEvent]) -> WatchNews {
        WatchNews(clusterID: ClusterID(rawValue: 1), revision: revision, events: events)
    }

    private func update(_ actions: [WatchMachine.Action], _ machine: WatchMachine) -> TableUpdate? {
        actions.contains { if case .publish = $0 { true } else { false } } ? machine.newest : nil
    }

    private func lists(_ actions: [WatchMachine.Action]) -> Int {
        actions.count { if case .list = $0 { true } else { false } }
    }
}
