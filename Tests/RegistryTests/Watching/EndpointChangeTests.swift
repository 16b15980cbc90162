import Machines
import TestKit
import Testing

@testable import Registry

/// What is told of single endpoints, with its cause.
@Suite struct EndpointChangeTests {
    private static let away = StoreError(.unavailable, "away")

    @Test func `an endpoint that comes, changes and leaves is told with its revisions`() {
        var machine = synced(40, ["web/1": 38])
        let came = machine.newsArrived(
            WatchNews(41, [.plain("web/2", at: 41)]),
            on: 1,
            at: .zero
        )
        #expect(told(came) == ["web/2 appeared at 41"])
        let drains = machine.newsArrived(
            WatchNews(42, [.plain("web/2", at: 42, state: .draining)]),
            on: 1,
            at: .zero
        )
        #expect(told(drains) == ["web/2 changed at 42"])
        let leaves = machine.newsArrived(
            WatchNews(
                44,
                [
                    .plain("web/2", at: 43, state: .leaving),
                    .deleted(key: "services/web/2", at: 44),
                ]
            ),
            on: 1,
            at: .zero
        )
        #expect(told(leaves) == ["web/2 left at 43"])
    }

    @Test func `a key that is gone without a word vanished, at the revision of its deletion`() {
        var machine = synced(40, ["web/1": 38, "web/2": 39])
        let actions = machine.newsArrived(
            WatchNews(
                42,
                [
                    .deleted(key: "services/web/1", at: 41),
                    .deleted(key: "services/web/2", at: 42),
                ]
            ),
            on: 1,
            at: .zero
        )
        #expect(told(actions) == ["web/1 vanished at 41", "web/2 vanished at 42"])
    }

    @Test func `the first list tells of nobody, a later one of what it missed`() throws {
        var machine = WatchMachine(.init(), generator: SeededGenerator(seed: 7))
        _ = machine.started()
        let first = machine.snapshotArrived(
            Snapshot(40, ["web/1": 38, "web/2": 39, "web/3": 40]),
            at: .zero
        )
        #expect(told(first).isEmpty)
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(1))
        _ = machine.timePassed(to: try #require(machine.deadline))
        let second = machine.snapshotArrived(
            Snapshot(45, ["web/1": 38, "web/2": 44, "web/4": 43]),
            at: .seconds(2)
        )
        // Right after trouble with the store a loss is not believed at once.
        #expect(
            told(second) == ["web/3 held at 45", "web/2 changed at 44", "web/4 appeared at 43"]
        )
        var over: [WatchMachine.Action] = []
        while told(over).isEmpty {
            let now = try #require(machine.deadline)
            _ = machine.newsArrived(WatchNews(45, []), on: 2, at: now)
            over = machine.timePassed(to: now)
        }
        #expect(told(over) == ["web/3 dropped at 45"])
    }

    @Test func `a record that turns invalid is told with the fault, and when it is given up`()
        throws
    {
        var machine = synced(40, ["web/1": 38])
        var worse = StoredRecord(plain: "web/1", at: 41)
        worse.value = []
        let actions = machine.newsArrived(WatchNews(41, [.put(worse)]), on: 1, at: .zero)
        #expect(told(actions) == ["web/1 invalid(unreadable) at 41"])
        let over = machine.timePassed(to: .seconds(60))
        #expect(told(over) == ["web/1 expired at 41"])
    }

    @Test func `a list that is another one altogether tells of a thousand endpoints`() throws {
        func keys(_ name: String) -> [String: Revision] {
            Dictionary(uniqueKeysWithValues: (0..<3000).map { ("\(name)/\($0)", 30) })
        }
        var machine = synced(40, keys("old"))
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(1))
        _ = machine.timePassed(to: try #require(machine.deadline))
        let actions = machine.snapshotArrived(Snapshot(50, keys("new")), at: .seconds(2))
        #expect(told(actions).count == 1000)
    }

    @Test func `one that was held and is there again is told as that, as is one that leaves then`()
        throws
    {
        var machine = synced(40, ["web/1": 38, "web/2": 39, "web/3": 40, "web/4": 40])
        _ = machine.watchEnded(1, because: Self.away, at: .seconds(1))
        _ = machine.timePassed(to: try #require(machine.deadline))
        let lost = machine.snapshotArrived(Snapshot(50, ["web/4": 40]), at: .seconds(2))
        #expect(told(lost) == ["web/1 held at 50", "web/2 held at 50", "web/3 held at 50"])
        var invalid = StoredRecord(plain: "web/3", at: 53)
        invalid.value = []
        let back = machine.newsArrived(
            WatchNews(
                53,
                [
                    .plain("web/1", at: 51), .plain("web/2", at: 52, state: .leaving),
                    .put(invalid),
                ]
            ),
            on: 2,
            at: .seconds(3)
        )
        #expect(
            told(back) == [
                "web/1 returned at 51", "web/3 invalid(unreadable) at 53", "web/2 left at 53",
                "web/3 dropped at 53",
            ]
        )
        let again = machine.newsArrived(
            WatchNews(54, [.deleted(key: "services/web/3", at: 54)]),
            on: 2,
            at: .seconds(3)
        )
        #expect(told(again) == ["web/3 removed at 54"])
    }

    @Test func `a record that is valid again is told as that`() {
        var machine = synced(40, ["web/1": 38])
        var worse = StoredRecord(plain: "web/1", at: 41)
        worse.value = []
        _ = machine.newsArrived(WatchNews(41, [.put(worse)]), on: 1, at: .zero)
        let again = machine.newsArrived(
            WatchNews(42, [.plain("web/1", at: 42)]),
            on: 1,
            at: .zero
        )
        #expect(told(again) == ["web/1 valid at 42"])
    }

    @Test func `endpoints of a service that is newly wanted have not appeared now`() {
        var settings = WatchMachine.Settings()
        settings.selection = .only(
            [ServiceName(declared: "web")].reduce(into: []) { names, name in
                if let name { names.insert(name) }
            }
        )
        var machine = WatchMachine.synced(40, ["web/1": 38, "db/1": 39], settings)
        _ = machine.selectionChanged(to: .all)
        let actions = machine.snapshotArrived(
            Snapshot(41, ["web/1": 38, "web/2": 41, "db/1": 39]),
            at: .zero
        )
        #expect(told(actions) == ["web/2 appeared at 41"])
    }

    @Test func `endpoints that are given up for the limits are told as that`() {
        var settings = WatchMachine.Settings()
        settings.limits = ListLimits(endpoints: 8, bytes: .max)
        let keys = (1...5).flatMap { ["a/\($0)", "b/\($0)"] }
        var machine = synced(40, ["a/1": 38], settings)
        var changes: [String] = []
        for (number, key) in keys.enumerated() {
            let revision = Revision(rawValue: 41 + Int64(number))
            let news = WatchNews(revision, [.plain(key, at: revision)])
            changes += told(machine.newsArrived(news, on: 1, at: .zero))
        }
        #expect(shown(after: changes, from: ["a/1"]) == Set(machine.table.keys))
    }

    /// Whoever replays what is told has the list, the held endpoints among it.
    @Test(arguments: 1...50)
    func `what is told is what happened to the list`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var machine = synced(40, ["web/0": 38, "web/1": 38, "db/0": 40])
        var shadow: Set<String> = ["web/0", "web/1", "db/0"]
        var stored = shadow
        var (now, revision, stream) = (Duration.zero, Int64(40), 1)
        for _ in 0..<200 {
            var actions: [WatchMachine.Action] = []
            now += .milliseconds(Int.random(in: 0..<4000, using: &generator))
            actions += machine.timePassed(to: now)
            let key =
                "\(["web", "db"].randomElement(using: &generator) ?? "web")/"
                + "\(Int.random(in: 0..<6, using: &generator))"
            revision += 1
            let at = Revision(rawValue: revision)
            let event: StoreEvent
            switch Int.random(in: 0..<8, using: &generator) {
            case 0, 1:
                event = .deleted(key: StoreKey("services/\(key)"), at: at)
                stored.remove(key)
            case 2:
                var record = StoredRecord(plain: key, at: at)
                record.value = []
                event = .put(record)
            case 3: event = .plain(key, at: at, state: .leaving)
            default:
                event = .plain(key, at: at)
                stored.insert(key)
            }
            if Int.random(in: 0..<20, using: &generator) == 0 {
                actions += machine.watchEnded(stream, because: Self.away, at: now)
                while let due = machine.deadline,
                    !actions.contains(.list(isUrgent: false))
                {
                    now = max(now, due)
                    actions += machine.timePassed(to: now)
                }
                let left = stored.filter { _ in Int.random(in: 0..<3, using: &generator) > 0 }
                stored = left
                let keys = Dictionary(uniqueKeysWithValues: left.map { ($0, at) })
                actions += machine.snapshotArrived(Snapshot(at, keys), at: now)
                stream += 1
            } else {
                actions += machine.newsArrived(WatchNews(at, [event]), on: stream, at: now)
            }
            shadow = shown(after: told(actions), from: shadow)
            let newest = try #require(machine.newest)
            let list = Set(newest.table.keys).union(newest.held.keys.map(\.description))
            #expect(shadow == list, "seed \(seed)")
            guard shadow == list else { return }
        }
    }

    private func shown(after changes: [String], from before: Set<String>) -> Set<String> {
        changes.reduce(into: before) { shown, change in
            let words = change.split(separator: " ").map(String.init)
            switch words[1] {
            case "appeared", "returned": shown.insert(words[0])
            case "left", "vanished", "dropped", "expired", "oversized": shown.remove(words[0])
            default: break
            }
        }
    }

    private func told(_ actions: [WatchMachine.Action]) -> [String] {
        actions.flatMap { action -> [String] in
            guard case .tellChanges(let changes) = action else { return [] }
            return changes.map { change in
                var kind = String("\(change.kind)".prefix { $0 != "(" })
                if case .invalid(let fault) = change.kind { kind = "invalid(\(fault.name))" }
                return "\(change.key) \(kind) at \(change.revision)"
            }
        }
    }

    private func synced(
        _ revision: Revision,
        _ keys: [String: Revision],
        _ settings: WatchMachine.Settings = .init()
    ) -> WatchMachine {
        .synced(revision, keys, settings)
    }
}

extension RecordFault {
    fileprivate var name: String {
        switch self {
        case .unreadable: "unreadable"
        default: "other"
        }
    }
}
