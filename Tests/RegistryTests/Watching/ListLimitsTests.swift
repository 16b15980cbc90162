import Machines
import TestKit
import Testing

@testable import Registry

/// What is kept of a store that holds more than is wanted, or more than fits.
@Suite struct ListLimitsTests {
    @Test func theLargestServiceIsLeftOutFirstAndOfEqualsTheFirstByName() throws {
        let limits = ListLimits(endpoints: 100, bytes: 10_000)
        let sizes = [
            try name("a"): ServiceSize(keys: 40, bytes: 100),
            try name("b"): ServiceSize(keys: 40, bytes: 100),
            try name("c"): ServiceSize(keys: 30, bytes: 100),
        ]
        #expect(limits.excess(of: sizes) == [try name("a")])
        // Few keys, but most of the bytes.
        let long = sizes.merging([try name("d"): ServiceSize(keys: 1, bytes: 9_900)]) { $1 }
        #expect(limits.excess(of: long) == [try name("d"), try name("a")])
        #expect(ListLimits.none.excess(of: long).isEmpty)
    }

    @Test func aServiceThatGrowsBeyondTheLimitsStaysOldAndTheOthersGoOn() throws {
        var machine = machine(.init(endpoints: 6, bytes: .max))
        list(&machine, 40, ["big/1", "big/2", "big/3", "web/1", "web/2"])
        let all = (1...5).map { "big/\($0)" }
        let grown = hear(
            &machine,
            43,
            [.plain("big/4", at: 41), .plain("big/5", at: 42), .plain("web/3", at: 43)]
        )
        #expect(keys(machine) == all + ["web/1", "web/2", "web/3"])
        #expect(oversized(in: grown) == [["big"]])
        _ = hear(&machine, 45, [.plain("big/6", at: 44), .plain("web/1", at: 45)])
        let newest = try #require(machine.newest)
        #expect(newest.oversized == [try name("big"): ServiceSize(keys: 6, bytes: 6 * 25)])
        #expect(newest.table[try ServiceKey("web/1")]?.modRevision == 45)
        #expect(newest.table.count(of: try name("big")) == 5)
    }

    @Test func theOnlyServiceThereIsStaysAsItWasWhenItOutgrowsTheLimits() throws {
        var machine = machine(.init(endpoints: 3, bytes: .max))
        list(&machine, 40, ["big/1", "big/2", "big/3"])
        _ = hear(&machine, 42, [.plain("big/4", at: 41), .plain("big/5", at: 42)])
        #expect(keys(machine).prefix(3) == ["big/1", "big/2", "big/3"])
        #expect(machine.newest?.oversized[try name("big")]?.keys == 5)
        // As it does when the limits are lowered, and when the list is read again.
        _ = machine.limitsChanged(to: .init(endpoints: 1, bytes: .max), at: .zero)
        #expect(keys(machine).prefix(3) == ["big/1", "big/2", "big/3"])
        _ = machine.watchEnded(1, because: StoreError(.unavailable, "away"), at: .zero)
        _ = machine.timePassed(to: .seconds(10))
        list(&machine, 50, ["big/1", "big/7"])
        #expect(keys(machine).prefix(3) == ["big/1", "big/2", "big/3"])
    }

    /// While a service grows past another one the decision changes with each message: the list is not read
    /// again for each.
    @Test func theFirstReviewComesAWhileAfterTheLimitsWereExceeded() throws {
        var settings = WatchMachine.Settings()
        settings.limits = .init(endpoints: 3, bytes: .max)
        var machine = WatchMachine(settings, generator: SeededGenerator(seed: 5))
        _ = machine.started()
        list(&machine, 40, ["a/1", "a/2", "b/1"])
        let late = Duration.seconds(60)
        _ = hear(&machine, 41, [.plain("b/2", at: 41)], at: late)
        _ = hear(&machine, 43, [.plain("b/3", at: 42), .plain("b/4", at: 43)], at: late)
        let early = machine.timePassed(to: late + settings.sizeReview / 2)
        #expect(!early.contains(.list(isUrgent: false)))
        let due = machine.timePassed(to: late + settings.sizeReview)
        #expect(due.contains(.list(isUrgent: false)))
    }

    @Test func whatShrinksAgainIsReadAgainAtTheNextReview() throws {
        var machine = machine(.init(endpoints: 3, bytes: .max))
        list(&machine, 40, ["big/1", "big/2", "web/1"])
        _ = hear(&machine, 41, [.plain("big/3", at: 41)])
        _ = hear(&machine, 43, [.deleted(key: "services/big/1", at: 42), .plain("big/2", at: 43)])
        let due = try #require(machine.deadline)
        var actions: [WatchMachine.Action] = []
        for second in 0..<6 { actions += machine.timePassed(to: due + .seconds(second)) }
        #expect(actions.contains(.list(isUrgent: false)))
        list(&machine, 43, ["big/2", "big/3", "web/1"])
        #expect(keys(machine) == ["big/2", "big/3", "web/1"])
        #expect(machine.newest?.oversized.isEmpty == true)
    }

    @Test func aServiceThatIsGoneAltogetherIsNoLongerTooLarge() throws {
        var machine = machine(.init(endpoints: 3, bytes: .max))
        list(&machine, 40, ["big/1", "big/2", "web/1"])
        _ = hear(&machine, 41, [.plain("big/3", at: 41)])
        let gone = hear(&machine, 44, (1...3).map { .deleted(key: "services/big/\($0)", at: 44) })
        #expect(keys(machine) == ["web/1"] && oversized(in: gone) == [[]])
    }

    /// The pages come by name, so a service is left out before it is known that a later one is larger.
    @Test func whatIsLeftOutFollowsFromTheSizesAloneWhateverOrderThePagesCameIn() throws {
        let all = ["a/1", "a/2", "b/1", "b/2", "b/3", "c/1"]
        var machine = machine(.init(endpoints: 3, bytes: .max))
        _ = machine.started()
        let again = pages(&machine, 40, all)
        // Told to nobody: "a" was given up for "b", which is larger.
        #expect(again.contains(.list(isUrgent: true)))
        #expect(machine.newest == nil)
        _ = pages(&machine, 40, all)
        #expect(keys(machine) == ["a/1", "a/2", "c/1"])
        #expect(machine.newest?.oversized.keys.map(\.text) == ["b"])
    }

    @Test func aListOfWhichNothingFitsIsEmptyAndComesToAnEnd() throws {
        var machine = machine(.init(endpoints: 1, bytes: .max))
        _ = machine.started()
        var rounds = 0
        while machine.newest == nil, rounds < 10 {
            _ = pages(&machine, 40, ["a/1", "a/2", "b/1", "b/2"])
            rounds += 1
        }
        #expect(keys(machine).isEmpty && rounds <= 3 && machine.isCurrent)
    }

    @Test func whatNobodyWantsIsCountedAndComparedButNotKept() throws {
        var settings = WatchMachine.Settings()
        settings.selection = .only([try name("web")])
        var machine = WatchMachine(settings, generator: SeededGenerator(seed: 5))
        _ = machine.started()
        list(&machine, 40, ["db/1", "web/1"])
        #expect(keys(machine) == ["web/1"])
        let change = StoreEvent.plain("db/2", at: 41)
        #expect(
            hear(&machine, 41, [change])
                == [.tell(.events([change])), .publish(isReadAnew: false)]
        )
        #expect(keys(machine) == ["web/1"])
        // The comparison with the store sees both: two and one.
        let due = try #require(machine.deadline)
        let summary = KeySummary(
            revision: 41,
            count: 3,
            changed: ["services/db/2": 41]
        )
        #expect(machine.summaryArrived(summary, at: due).isEmpty)
        // Somebody wants it: its values have to be read, and until then the list is not of it.
        let wanted = machine.selectionChanged(to: .all)
        #expect(machine.newest?.selection == settings.selection)
        #expect(wanted.contains(.list(isUrgent: false)))
        list(&machine, 41, ["db/1", "db/2", "web/1"])
        #expect(keys(machine) == ["db/1", "db/2", "web/1"])
        #expect(machine.newest?.selection == .all)
        #expect(
            machine.selectionChanged(to: .only([try name("web")])) == [.publish(isReadAnew: false)]
        )
        #expect(keys(machine) == ["web/1"])
    }

    @Test func aServiceThatIsWantedWhileTheListIsBeingReadIsInIt() throws {
        var settings = WatchMachine.Settings()
        settings.selection = .only([try name("web")])
        var machine = WatchMachine(settings, generator: SeededGenerator(seed: 5))
        _ = machine.started()
        _ = machine.pageArrived([StoredRecord(plain: "db/1", at: 40)], isFirst: true, at: .zero)
        #expect(machine.selectionChanged(to: .all).isEmpty)
        let again = pages(&machine, 40, ["db/1", "web/1"])
        #expect(again.contains(.list(isUrgent: true)))
        #expect(machine.newest == nil)
        list(&machine, 40, ["db/1", "web/1"])
        #expect(keys(machine) == ["db/1", "web/1"])
    }

    @Test func aKeyThatNobodyWantsIsStillHeardOf() throws {
        var settings = WatchMachine.Settings()
        settings.selection = .only([])
        var machine = WatchMachine(settings, generator: SeededGenerator(seed: 5))
        _ = machine.started()
        list(&machine, 40, ["web/1"])
        let change = StoreEvent.plain("web/1", at: 41)
        #expect(
            hear(&machine, 41, [change])
                == [.tell(.events([change])), .publish(isReadAnew: false)]
        )
    }

    // MARK: parts

    private func machine(_ limits: ListLimits) -> WatchMachine {
        var settings = WatchMachine.Settings()
        settings.limits = limits
        var machine = WatchMachine(settings, generator: SeededGenerator(seed: 5))
        _ = machine.started()
        return machine
    }

    private func list(_ machine: inout WatchMachine, _ revision: Revision, _ keys: [String]) {
        _ = pages(&machine, revision, keys)
    }

    /// One key a page.
    private func pages(
        _ machine: inout WatchMachine,
        _ revision: Revision,
        _ keys: [String]
    ) -> [WatchMachine.Action] {
        for (number, key) in keys.enumerated() {
            _ = machine.pageArrived(
                [StoredRecord(plain: key, at: revision)],
                isFirst: number == 0,
                at: .zero
            )
        }
        return machine.listEnded(
            ListedState(
                clusterID: ClusterID(rawValue: 1),
                mark: SnapshotMark(revision: revision, connection: 1)
            ),
            at: .zero
        )
    }

    private func hear(
        _ machine: inout WatchMachine,
        _ revision: Revision,
        _ events: [StoreEvent],
        at now: Duration = .zero
    ) -> [WatchMachine.Action] {
        machine.newsArrived(WatchNews(revision, events), on: 1, at: now)
    }

    private func keys(_ machine: WatchMachine) -> [String] {
        machine.table.keys
    }

    private func oversized(in actions: [WatchMachine.Action]) -> [[String]] {
        actions.reports.compactMap {
            if case .limitsExceeded(let sizes) = $0 { sizes.keys.map(\.text).sorted() } else { nil }
        }
    }

    private func name(_ text: String) throws -> ServiceName {
        try #require(ServiceName(declared: text))
    }
}
