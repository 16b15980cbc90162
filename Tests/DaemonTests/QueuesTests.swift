import Logging
import Registry
import TestKit
import Testing

@testable import Daemon

/// Queues of the program that are filled beyond their bound; ARCHITECTURE.md lists them all.
@Suite struct QueuesTests {
    @Test func aReloadThatFindsNoPlaceIsRefusedAtOnce() async {
        let queue = ConfigurationReloadQueue()
        for _ in 0..<16 { queue.signalled() }
        let refused = await queue.reload()
        #expect(refused == .full)
        // One that is taken makes room for one.
        var requests = queue.requests.makeAsyncIterator()
        _ = await requests.next()
        async let outcome = queue.reload()
        while let asker = await requests.next() {
            guard let asker else { continue }
            asker.yield(.applied([]))
            asker.finish()
            break
        }
        let answered = await outcome
        #expect(answered != nil)
    }

    @Test func ofManyLeasesTheNewestIsKept() async throws {
        try await TemporaryDirectory.with { directory in
            let state = StateDirectory(path: directory.path)
            let store = LeaseStore(state, log: Logger(label: "test"))
            let owner = try #require(OwnerID("host"))
            let settings = RegistrationMachine.Settings(owner: owner)
            for number in 1...1000 {
                let lease = LeaseID(rawValue: Int64(number))
                store.save(SavedLease(lease, of: ClusterID(rawValue: 1), settings))
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await store.run() }
                defer { group.cancelAll() }
                try await eventually("the newest lease is kept") {
                    state.lease?.id == LeaseID(rawValue: 1000)
                }
            }
        }
    }
}
