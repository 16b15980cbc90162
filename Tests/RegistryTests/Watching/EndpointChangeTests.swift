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

    private func told(_ actions: [WatchMachine.Action]) -> [String] {
        actions.flatMap { action -> [String] in
            guard case .tellChanges(let changes) = action else { return [] }
            return changes.map { change in
                let kind =
                    switch change.kind {
                    case .invalid(let fault): "invalid(\(fault.name))"
                    case .appeared: "appeared"
                    case .changed: "changed"
                    case .left: "left"
                    case .vanished: "vanished"
                    case .held: "held"
                    case .dropped: "dropped"
                    case .expired: "expired"
                    }
                return "\(change.key) \(kind) at \(change.revision)"
            }
        }
    }

    private func synced(_ revision: Revision, _ keys: [String: Revision]) -> WatchMachine {
        .synced(revision, keys, WatchMachine.Settings())
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
