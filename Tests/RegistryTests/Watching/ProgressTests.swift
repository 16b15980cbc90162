import Machines
import TestKit
import Testing

@testable import Registry

/// A proxy in between that answers reads and no request for progress, and one that loses what a watch tells.
@Suite struct ProgressTests {
    private let settings = WatchMachine.Settings()
    private static let silent = WatchReport.outOfSync(reason: "the watch does not answer")
    private static let listedAnew = WatchReport.synced(
        revision: 40,
        services: 1,
        endpoints: 2,
        bad: 0,
        foreign: 0
    )

    @Test func twoSilentWatchesBesideReadsThatAreAnsweredAreAProxyAndNoReasonForDoubt() throws {
        var world = World(listed(keys: 2))
        world.answersCounts = true
        let actions = try world.pass(.seconds(30))
        let reports = actions.reports.filter { $0 != Self.listedAnew }
        #expect(reports == [.progressUnanswered])
        // The list is read once more, for the second of the two watches, and never again.
        #expect(world.lists == 1 && world.machine.isCurrent)
    }

    @Test func aMemberThatAnswersNothingIsLeftAsSoonAsEver() throws {
        var world = World(listed(keys: 2))
        let actions = try world.pass(settings.patience * 3)
        #expect(actions.contains(.suspectConnection) && actions.reports == [Self.silent])
        #expect(!world.machine.isCurrent)
    }

    @Test func behindAProxyAMemberThatStandsStillIsLeftAsSoonAsElsewhere() throws {
        var world = World(listed(keys: 2))
        world.answersCounts = true
        _ = try world.pass(.seconds(30))
        world.answersCounts = false
        let actions = try world.pass(.seconds(5))
        #expect(actions.contains(.suspectConnection) && actions.reports.contains(Self.silent))
    }

    @Test func aChangeThatAProxyLostIsListedWithinTenSeconds() throws {
        for lost in [KeyCountChange.put, .deletion, .replacement] {
            var world = World(listed(keys: 2))
            world.answersCounts = true
            _ = try world.pass(.seconds(30))
            let before = world.lists
            world.lose(lost)
            _ = try world.pass(.seconds(10))
            #expect(world.lists == before + 1, "\(lost)")
        }
    }

    @Test func othersChangesOutsideThePrefixMakeNobodyListAgain() throws {
        var world = World(listed(keys: 2))
        world.answersCounts = true
        _ = try world.pass(.seconds(30))
        let before = world.lists
        for _ in 0..<60 {
            world.revision = world.revision.next
            _ = try world.pass(.seconds(1))
        }
        #expect(world.lists == before)
        // A comparison costs the store more than a count, and is not asked for with each of them.
        #expect(world.comparisons <= 60 / 5 + 2)
    }

    @Test func aProgressAnswerTakesItBack() throws {
        var world = World(listed(keys: 2))
        world.answersCounts = true
        _ = try world.pass(.seconds(30))
        world.answersProgress = true
        _ = try world.pass(.seconds(3))
        let counts = world.counts
        _ = try world.pass(.seconds(60))
        #expect(world.counts == counts)
        // And then a watch that falls silent is given up again, like any other.
        world.answersProgress = false
        let actions = try world.pass(settings.patience * 4)
        #expect(actions.reports.contains(Self.silent))
    }

    @Test func aNewConnectionStartsAnew() throws {
        var world = World(listed(keys: 2))
        world.answersCounts = true
        _ = try world.pass(.seconds(30))
        let error = StoreError(.unavailable, "away")
        let stream = world.machine.streams
        world.connection = 2
        world.answersProgress = true
        _ = world.machine.watchEnded(stream, because: error, at: world.now)
        let counts = world.counts
        _ = try world.pass(.seconds(30))
        // One question, with the first request for progress; that was answered.
        #expect(world.counts <= counts + 1)
    }

    @Test func anAskThatIsAnsweredLateIsNoProxy() throws {
        // The member stands still for less than one is patient, again and again.
        var world = World(listed(keys: 2))
        world.answersCounts = true
        var reports = 0
        for _ in 0..<20 {
            world.answersProgress = false
            let actions = try world.pass(settings.patience * 1.5)
            reports += actions.reports.count
            world.answersProgress = true
            world.answerProgress()
            _ = try world.pass(settings.patience)
        }
        #expect(reports == 0 && world.lists == 0)
    }

    private func listed(keys: Int) -> WatchMachine {
        var machine = WatchMachine(settings, generator: SeededGenerator(seed: 7))
        _ = machine.started()
        _ = machine.snapshotArrived(World.snapshot(keys, 40, connection: 1), at: .zero)
        return machine
    }

    private enum KeyCountChange {
        case put, deletion, replacement
    }

    /// A machine, and what is between it and a store.
    private struct World {
        var machine: WatchMachine
        var now = Duration.zero
        var revision = Revision(rawValue: 40)
        var connection = 1
        var keys = 2
        var changed: [StoreKey: Revision] = [:]
        var answersCounts = false
        var answersProgress = false
        var lists = 0
        var counts = 0
        var comparisons = 0

        init(_ machine: WatchMachine) {
            self.machine = machine
            // The watch is there: this is never lost.
            answerProgress()
        }

        mutating func lose(_ change: KeyCountChange) {
            revision = revision.next
            switch change {
            case .put:
                keys += 1
                changed["services/web/new"] = revision
            case .deletion: keys -= 1
            case .replacement: changed["services/web/w0"] = revision
            }
        }

        mutating func answerProgress() {
            let news = WatchNews(clusterID: ClusterID(rawValue: 1), revision: revision, events: [])
            _ = machine.newsArrived(news, on: machine.streams, at: now)
        }

        /// Lets time pass, and answers what is answered at all.
        mutating func pass(_ time: Duration) throws -> [WatchMachine.Action] {
            let end = now + time
            var all: [WatchMachine.Action] = []
            while let due = machine.deadline, due <= end {
                now = max(now, due)
                var actions = machine.timePassed(to: now)
                all += actions
                while !actions.isEmpty {
                    let more = actions.flatMap { answer($0) }
                    all += more
                    actions = more
                }
            }
            now = end
            return all
        }

        private mutating func answer(_ action: WatchMachine.Action) -> [WatchMachine.Action] {
            let cluster = ClusterID(rawValue: 1)
            switch action {
            case .list:
                lists += 1
                changed = [:]
                return machine.snapshotArrived(
                    Self.snapshot(keys, revision, connection: connection),
                    at: now
                )
            case .openWatch:
                answerProgress()
                return []
            case .askProgress:
                if answersProgress { answerProgress() }
                return []
            case .count(let stream, _):
                counts += 1
                guard answersCounts else { return [] }
                let count = KeyCount(clusterID: cluster, revision: revision, count: keys)
                return machine.countArrived(count, on: stream, at: now)
            case .summarize(let since):
                comparisons += 1
                guard answersCounts else { return machine.summaryFailed(at: now) }
                let summary = KeySummary(
                    revision: revision,
                    count: keys,
                    changed: changed.filter { $0.value > since }
                )
                return machine.summaryArrived(summary, at: now)
            default: return []
            }
        }

        static func snapshot(_ keys: Int, _ revision: Revision, connection: Int) -> Snapshot {
            Snapshot(
                clusterID: ClusterID(rawValue: 1),
                mark: SnapshotMark(revision: revision, connection: connection),
                records: (0..<keys).map { StoredRecord(plain: "web/w\($0)", at: revision) }
            )
        }
    }
}
