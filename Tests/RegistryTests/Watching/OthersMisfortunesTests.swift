import Machines
import TestKit
import Testing

@testable import Registry

/// What users of other programs suffered from their watches, each as a case of ours. The names say
/// where it happened.
@Suite struct OthersMisfortunesTests {
    private static let away = StoreError(.unavailable, "away")

    @Test("vip-manager 431: a list that fails after a lost watch is asked for until it succeeds")
    func aListThatFailsAfterALostWatchIsAskedForUntilItSucceeds() throws {
        var machine = WatchMachine.synced(40, ["web/1": 38])
        // That it is stale is said once.
        let lost = machine.watchEnded(1, because: Self.away, at: .seconds(1))
        #expect(lost == [.report(.outOfSync(reason: "away"))])
        for _ in 0..<100 {
            let due = try #require(machine.deadline)
            #expect(machine.timePassed(to: due) == [.list(isUrgent: false)])
            let failed = machine.snapshotFailed(Self.away, at: due)
            let delay = try #require(machine.deadline) - due
            #expect(failed == [.report(.snapshotFailed(Self.away, retryIn: delay))])
            #expect(machine.table.keys == ["web/1"] && !machine.isCurrent)
        }
        let due = try #require(machine.deadline)
        _ = machine.timePassed(to: due)
        let actions = machine.snapshotArrived(Snapshot(50, ["web/2": 45]), at: due)
        #expect(
            try #require(actions.update(of: machine)).table.endpointCount == 1 && machine.isCurrent
        )
    }

    @Test(
        "vip-manager 194: a member that was powered off is left after seconds, not after TCP's minutes"
    )
    func aMemberThatWasPoweredOffIsLeftAfterSeconds() throws {
        var machine = WatchMachine.synced(40, ["web/1": 38])
        var suspected: Duration?
        while suspected == nil {
            let now = try #require(machine.deadline)
            let actions = machine.timePassed(to: now)
            if actions.contains(.suspectConnection) { suspected = now }
        }
        // The question to the member takes 2 s more, then another one is asked.
        #expect(try #require(suspected) <= .milliseconds(2500))
    }

    @Test("APISIX 13067: that the watch is there, or how far the member is, delivers no event")
    func thatTheWatchIsThereOrHowFarTheMemberIsDeliversNoEvent() throws {
        var machine = WatchMachine.synced(40, ["web/1": 38])
        // "Created", and then progress, both far beyond an event that is still to come.
        _ = machine.newsArrived(WatchNews(90, []), on: 1, at: .seconds(1))
        _ = machine.newsArrived(WatchNews(95, []), on: 1, at: .seconds(2))
        #expect(machine.revision == 40)
        let change = WatchNews(95, [.plain("web/2", at: 60)])
        let actions = machine.newsArrived(change, on: 1, at: .seconds(3))
        #expect(try #require(actions.update(of: machine)).table.endpointCount == 2)
    }

    @Test(
        "APISIX 12167: an idle prefix that a busy cluster compacts again and again changes no list"
    )
    func anIdlePrefixThatABusyClusterCompactsChangesNoList() throws {
        var machine = WatchMachine.synced(40, ["web/1": 38])
        let before = machine.table
        for round in 1...20 as ClosedRange<Int64> {
            let now = Duration.seconds(10 * round)
            let compacted = StoreError(.compacted, "compacted")
            _ = machine.watchEnded(Int(round), because: compacted, at: now)
            let due = try #require(machine.deadline)
            _ = machine.timePassed(to: due)
            let list = Snapshot(Revision(rawValue: 40 + 1000 * round), ["web/1": 38])
            _ = machine.snapshotArrived(list, at: due)
            #expect(machine.table == before)
        }
    }

    @Test("milvus 17908, jetcd, cilium: what was deleted while the history was compacted is gone")
    func whatWasDeletedWhileTheHistoryWasCompactedIsGone() throws {
        var machine = WatchMachine.synced(40, ["web/1": 38, "web/2": 39, "web/3": 40])
        _ = machine.watchEnded(1, because: StoreError(.compacted, "compacted"), at: .seconds(1))
        _ = machine.timePassed(to: try #require(machine.deadline))
        let list = Snapshot(900, ["web/1": 38, "web/3": 40])
        let actions = machine.snapshotArrived(list, at: .seconds(2))
        let shown = try #require(actions.update(of: machine))
        #expect(shown.table.endpointCount == 2)
        // One of three is no mass loss; it only waits a moment for others.
        _ = machine.timePassed(to: .seconds(4))
        #expect(machine.newest?.held.isEmpty == true)
    }

    @Test("etcd 17612, gazette 24: an event that the server never sent is found by the comparison")
    func anEventThatTheServerNeverSentIsFoundByTheComparison() throws {
        var machine = WatchMachine.synced(40, ["web/1": 38, "web/2": 39])
        // web/2 has expired, and nobody said so.
        let summary = KeySummary(revision: 60, count: 1, changed: [:])
        _ = machine.summaryArrived(summary, at: .seconds(300))
        let actions = machine.summaryArrived(summary, at: .seconds(302))
        #expect(
            actions == [
                .report(.diverged(keys: 2, inStore: 1)), .closeWatch(stream: 1),
                .list(isUrgent: false),
            ]
        )
    }

    @Test("etcd before 3.5.8: an event that is told twice, or late, changes nothing")
    func anEventThatIsToldTwiceOrLateChangesNothing() throws {
        var machine = WatchMachine.synced(40, ["web/1": 38])
        _ = machine.newsArrived(
            WatchNews(42, [.plain("web/2", at: 41), .plain("web/3", at: 42)]),
            on: 1,
            at: .seconds(1)
        )
        let twice = WatchNews(42, [.plain("web/2", at: 41)])
        #expect(machine.newsArrived(twice, on: 1, at: .seconds(2)).isEmpty)
        #expect(machine.revision == 42)
        let late = WatchNews(43, [.deleted(key: "services/web/2", at: 40)])
        #expect(machine.newsArrived(late, on: 1, at: .seconds(3)).isEmpty)
        #expect(machine.table.endpointCount == 3)
    }

    @Test("etcd before 3.5.8: an answer that travels back in time is checked, not believed")
    func anAnswerThatTravelsBackInTimeIsCheckedNotBelieved() throws {
        var machine = WatchMachine.synced(40, ["web/1": 38])
        let actions = machine.newsArrived(WatchNews(12, []), on: 1, at: .seconds(1))
        let reason = "the member is at revision 12, behind our 40"
        #expect(actions == [.closeWatch(stream: 1), .report(.outOfSync(reason: reason))])
        _ = machine.timePassed(to: try #require(machine.deadline))
        let list = machine.snapshotArrived(Snapshot(44, ["web/1": 38]), at: .seconds(2))
        #expect(
            list.reports == [.synced(revision: 44, services: 1, endpoints: 1, bad: 0, foreign: 0)]
        )
        #expect(machine.table.endpointCount == 1 && machine.revision == 44)
    }

    @Test("confd 671: a change that comes between two watches is in the list that joins them")
    func aChangeThatComesBetweenTwoWatchesIsInTheListThatJoinsThem() throws {
        var machine = WatchMachine.synced(40, ["web/1": 38])
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(1))
        _ = machine.timePassed(to: try #require(machine.deadline))
        let actions = machine.snapshotArrived(
            Snapshot(41, ["web/1": 38, "web/2": 41]),
            at: .seconds(2)
        )
        #expect(try #require(actions.update(of: machine)).table.endpointCount == 2)
        let mark = SnapshotMark(revision: 41, connection: 1)
        #expect(actions.last == .openWatch(stream: 2, after: mark))
    }
}
