import Logging
import Registry
import TestKit
import Testing

@testable import discoveryd

/// Queues of the program that are filled beyond their bound; ARCHITECTURE.md lists them all.
@Suite struct QueuesTests {
    @Test func aReloadThatFindsNoPlaceIsRefusedAtOnce() async {
        let desk = ReloadDesk()
        for _ in 0..<16 { desk.signalled() }
        let refused = await desk.reload()
        #expect(refused == nil)
        // One that is taken makes room for one.
        var requests = desk.requests.makeAsyncIterator()
        _ = await requests.next()
        async let outcome = desk.reload()
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
            let keeper = LeaseKeeper(state, log: Logger(label: "test"))
            let owner = try #require(OwnerID("host"))
            let term = LeaseTerm(clusterID: ClusterID(rawValue: 1), granted: .seconds(10))
            for number in 1...1000 {
                keeper.reported(
                    .leaseGranted(LeaseID(rawValue: Int64(number)), term),
                    RegistrationMachine.Settings(owner: owner)
                )
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await keeper.run() }
                defer { group.cancelAll() }
                try await eventually("a lease is kept") { state.lease != nil }
                #expect(state.lease?.id == LeaseID(rawValue: 1000))
            }
        }
    }
}
