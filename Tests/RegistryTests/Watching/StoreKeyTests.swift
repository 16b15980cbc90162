import Machines
import TestKit
import Testing

@testable import Registry

/// Keys are bytes: what looks the same as text, or is no text, stays apart.
@Suite struct StoreKeyTests {
    private static let alike: [StoreKey] = [
        StoreKey(Array("services/".utf8) + [0xff]), StoreKey(Array("services/".utf8) + [0xfe]),
        "services/web/\u{e9}", "services/web/e\u{301}",
        // The Kelvin sign, which as text is the letter.
        "services/web/\u{212a}", "services/web/K",
    ]

    @Test func noTwoAreTheSame() {
        #expect(Set(Self.alike).count == Self.alike.count)
    }

    @Test func oneThatIsNoTextIsReadable() {
        #expect(StoreKey([0x61, 0xff, 0x0a]).description == "a\\xff\n")
        #expect(StoreKey("services/é").description == "services/é")
    }

    @Test func theirOrderIsThatOfTheBytes() {
        #expect(StoreKey("a/") < StoreKey("a0") && StoreKey([0x7f]) < StoreKey([0x80]))
    }

    @Test func aListOfThemAgreesWithTheStore() throws {
        var machine = WatchMachine(.init(), generator: SeededGenerator(seed: 7))
        _ = machine.started()
        let keys = Self.alike.sorted()
        let snapshot = Snapshot(
            clusterID: ClusterID(rawValue: 1),
            mark: SnapshotMark(revision: 40, connection: 1),
            records: keys.map { record($0, 40) }
        )
        _ = machine.snapshotArrived(snapshot, at: .zero)
        // Only one of them is a key of ours.
        #expect(machine.table.endpointCount == 1)
        let all = Dictionary(uniqueKeysWithValues: keys.map { ($0, Revision(rawValue: 41)) })
        let news = WatchNews(
            clusterID: ClusterID(rawValue: 1),
            revision: 41,
            events: keys.map { .put(record($0, 41)) }
        )
        _ = machine.newsArrived(news, on: 1, at: .zero)
        let ours = machine.reader.summary(since: 40)
        #expect(ours.count == keys.count && ours.changed == all)

        let gone = WatchNews(
            clusterID: ClusterID(rawValue: 1),
            revision: 42,
            events: [.deleted(key: Self.alike[0], at: 42), .deleted(key: Self.alike[4], at: 42)]
        )
        _ = machine.newsArrived(gone, on: 1, at: .zero)
        #expect(machine.reader.summary(since: 40).count == keys.count - 2)
        #expect(machine.table.endpointCount == 1)
    }

    private func record(_ key: StoreKey, _ revision: Revision) -> StoredRecord {
        StoredRecord(
            key: key,
            value: Array("10.0.0.1:80".utf8),
            createRevision: revision,
            modRevision: revision,
            version: 1,
            lease: .none
        )
    }
}
