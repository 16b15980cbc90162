import TestKit
import Testing

@testable import Etcd

@Suite struct WatchTests {
    @Test(arguments: EtcdVersion.allCases)
    func aKeyIsWatchedFromItsCreationItsLastChangeOrARevision(version: EtcdVersion) async throws {
        try await withClient(version) { client, _ in
            try await client.put("w", "an earlier life")
            try await client.delete("w")
            let created = try await client.put("w", "1").header.revision
            try await client.put("w", "2")
            try await client.put("w", "3")

            #expect(
                try await values(client.watch(key: "w", from: .creation), 3) == ["1", "2", "3"]
            )
            #expect(try await values(client.watch(key: "w", from: .lastModification), 1) == ["3"])
            #expect(
                try await values(client.watch(key: "w", from: .after(created)), 2) == ["2", "3"]
            )
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aPrefixIsWatchedAfterTheRevisionOfItsGet(version: EtcdVersion) async throws {
        try await withClient(version) { client, _ in
            try await client.put("p/1", "before")
            let got = try await client.get(prefix: "p/")
            try await client.put("p/2", "new")
            try await client.put("other", "not ours")
            try await client.delete("p/1")

            var events: [WatchEvent] = []
            let watch = client.watch(
                prefix: "p/",
                after: got.header.revision,
                options: .init(withPrevious: true)
            )
            for try await response in watch {
                events += response.events
                if events.count == 2 { break }
            }
            #expect(events.map(\.kind) == [.put, .delete])
            #expect(events.map(\.keyValue.key) == ["p/2", "p/1"])
            #expect(events[0].previous == nil)
            #expect(events[1].previous?.value == "before")
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aKeyThatDoesNotExistIsWatchedFromItsCreationToCome(version: EtcdVersion) async throws {
        try await withClient(version) { client, _ in
            try await client.put("other", "x")
            try await withThrowingTaskGroup(of: [String].self) { group in
                group.addTask {
                    try await values(
                        client.watch(
                            key: "late",
                            from: .creation,
                            options: .init(progressEvery: .milliseconds(50))
                        ),
                        1
                    )
                }
                try await client.put("late", "here")
                #expect(try await group.next() == ["here"])
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aQuietWatchTellsWhereTheServerStands(version: EtcdVersion) async throws {
        try await withClient(version) { client, _ in
            let revision = try await client.put("other", "x").header.revision
            let watch = client.watch(
                prefix: "quiet/",
                after: revision,
                options: .init(progressEvery: .milliseconds(20))
            )
            for try await response in watch {
                #expect(response.events.isEmpty)
                #expect(response.header.revision == revision)
                break
            }
        }
    }

    @Test func aWatchEndsWithAnErrorWhenItsServerDies() async throws {
        try await withClient { client, server in
            let revision = try await client.get("k").header.revision
            await expect(.unavailable) {
                let watch = client.watch(
                    prefix: "",
                    after: revision,
                    options: .init(progressEvery: .milliseconds(20))
                )
                for try await _ in watch { server.kill() }
            }
        }
    }

    @Test func aWatchEndsWhenItsTaskIsCancelled() async throws {
        try await withClient { client, _ in
            let revision = try await client.get("k").header.revision
            let task = Task {
                for try await _ in client.watch(prefix: "", after: revision) {}
            }
            task.cancel()
            await #expect(throws: Never.self) { try await task.value }
        }
    }

    @Test func aHistoryLargerThanFourMebibytesArrives() async throws {
        try await withClient { client, _ in
            let before = try await client.get("k").header.revision
            let large = Bytes([UInt8](repeating: 0x78, count: 1_000_000))
            for number in 0..<8 { try await client.put(Bytes("large/\(number)"), large) }
            var count = 0
            for try await response in client.watch(prefix: "large/", after: before) {
                count += response.events.count
                if count == 8 { break }
            }
            #expect(try await client.get(prefix: "large/").keyValues.count == 8)
        }
    }

    private func values(
        _ watch: EtcdStream<WatchResponse>,
        _ count: Int
    ) async throws -> [String] {
        var values: [String] = []
        for try await response in watch {
            values += response.events.map(\.keyValue.value.description)
            if values.count >= count { break }
        }
        return values
    }
}
