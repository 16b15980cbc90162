import Machines
import Registry
import Synchronization
import TestKit
import Testing

/// More than anybody can look at: what waits is bounded, and the end is right.
@Suite struct FloodTests {
    @Test func tensOfThousandsOfChangesWaitAsOneNewList() async throws {
        let store = InMemoryRegistryStore()
        let told = Mutex(0)
        let keys = Mutex(0)
        let watcher = EndpointWatcher(
            store: store,
            settings: .init(),
            generator: SeededGenerator(seed: 7),
            timeline: Timeline(),
            listeners: .init(
                list: { _ in told.withLock { $0 += 1 } },
                keys: { news in
                    guard case .events(let events) = news else { return }
                    keys.withLock { $0 += events.count }
                }
            )
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watcher.run() }
            defer { group.cancelAll() }
            try await eventually("listed") { watcher.newest != nil }
            // The watch is there when it tells of a change.
            store.put("services/web/first", Array("10.0.0.1:80".utf8))
            try await eventually("watching") { watcher.newest?.table.endpointCount == 1 }
            for number in 0..<20_000 {
                store.put("services/web/i\(number % 500)", Array("10.0.0.1:\(1 + number)".utf8))
            }
            try await eventually("the list is that of the store") {
                guard let newest = watcher.newest else { return false }
                return newest.table.endpointCount == 501 && newest.revision.rawValue == 20_002
            }
            // Each key was told, by the one who brought it; the loop had one list to tell at a time.
            #expect(keys.withLock { $0 } >= 20_000)
            #expect(watcher.mostPending <= 3)
            #expect(told.withLock { $0 } > 0)
        }
    }
}
