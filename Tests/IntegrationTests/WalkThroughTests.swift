import Foundation
import TestKit
import Testing

/// The example that a newcomer runs, run as a newcomer runs it.
@Suite struct WalkThroughTests {
    @Test(arguments: EtcdVersion.allCases)
    func theWalkThroughShowsWhatItPromises(version: EtcdVersion) async throws {
        try await EtcdServer.with(version) { server in
            let program = Repository.root.appending(path: ".build/debug/EtcdWalkThrough").path
            let result = try await Command(program, [server.endpoint]).run()
            #expect(result.status == 0, "\(result.errors)")
            for line in [
                "connected to etcd \(version.rawValue)", "put walk/a = two: it was one",
                "version 2",
                "get walk/*: 2 keys: walk/a = two, walk/b = three",
                "delete walk/*: 2 keys, they held [two, three]", "kept alive: lives 10.0 seconds",
                "get walk/leased: count 0", "from its creation: again, then at last",
                "put walk/c, delete walk/c, delete walk/history",
            ] {
                #expect(result.output.contains(line), "no '\(line)' in:\n\(result.output)")
            }
        }
    }
}
