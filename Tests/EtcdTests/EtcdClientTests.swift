import TestKit
import Testing

@testable import Etcd

/// The client on real servers.
@Suite struct EtcdClientTests {
    @Test func aStreamThatFindsNoPlaceToWaitIsRefused() throws {
        // Nobody runs it, so they all wait.
        let client = EtcdClient(EtcdClient.Configuration(endpoints: [.local]))
        for _ in 0..<1024 { try client.start {} }
        let error = #expect(throws: EtcdError.self) { try client.start {} }
        #expect(error?.code == .resourceExhausted)
    }

    @Test(arguments: EtcdVersion.allCases)
    func aKeyTellsItsRevisionsAndVersion(version: EtcdVersion) async throws {
        try await withClient(version) { client, _ in
            let first = try await client.put("k", "one")
            let second = try await client.put("k", "two", returningPrevious: true)
            #expect(second.header.revision == first.header.revision.next)
            #expect(second.previous?.value == "one")

            let key = try #require(try await client.get("k").keyValues.first)
            #expect(key.value == "two")
            #expect(key.createRevision == first.header.revision)
            #expect(key.modRevision == second.header.revision)
            #expect(key.version == 2)
            #expect(key.lease == .none)

            let then = try await client.get("k", revision: first.header.revision)
            #expect(then.keyValues.first?.value == "one")
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aPrefixIsReadInPagesOfOneState(version: EtcdVersion) async throws {
        try await withClient(version) { client, _ in
            for number in 10..<30 { try await client.put(Bytes("p/\(number)"), "x") }
            try await client.put("q", "outside")
            let limited = try await client.get(prefix: "p/", limit: 3)
            #expect(limited.keyValues.count == 3 && limited.count == 20 && limited.hasMore)
            let counted = try await client.get(prefix: "p/", countOnly: true)
            #expect(counted.keyValues.isEmpty && counted.count == 20)

            var pages: [[KeyValue]] = []
            let header = try await client.getPages(prefix: "p/", pageSize: 7) { pages.append($0) }
            #expect(pages.map(\.count) == [7, 7, 6])
            #expect(pages.joined().map(\.key.description) == (10..<30).map { "p/\($0)" })
            #expect(header.revision == limited.header.revision)
        }
    }

    @Test func valuesTooLargeForAPageAreReadInSmallerPages() async throws {
        try await EtcdServer.with { server in
            var configuration = EtcdClient.Configuration(
                endpoints: [try EtcdEndpoint(server.endpoint)])
            configuration.maximumMessageBytes = 200_000
            try await EtcdClient.withClient(configuration) { client in
                let large = Bytes([UInt8](repeating: 0x78, count: 50_000))
                for number in 10..<30 { try await client.put(Bytes("p/\(number)"), large) }
                var keys: [Bytes] = []
                _ = try await client.getPages(prefix: "p/") { keys += $0.map(\.key) }
                #expect(keys.map(\.description) == (10..<30).map { "p/\($0)" })
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aDeletionTellsWhatWasThere(version: EtcdVersion) async throws {
        try await withClient(version) { client, _ in
            for key in ["d/1", "d/2", "e"] { try await client.put(Bytes(key), Bytes("v" + key)) }
            let one = try await client.delete("d/1", returningPrevious: true)
            #expect(one.count == 1 && one.previous.map(\.value) == ["vd/1"])
            #expect(try await client.delete("d/1").count == 0)
            #expect(try await client.delete(prefix: "d/").count == 1)
            #expect(try await client.get(prefix: "").keyValues.map(\.key) == ["e"])
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aTransactionDoesOneOfTwoThings(version: EtcdVersion) async throws {
        try await withClient(version) { client, _ in
            let created = try await client.transaction(
                if: [.isMissing("t")],
                then: [.put("t", "1")],
                otherwise: [.get("t")]
            )
            #expect(created.succeeded)
            let refused = try await client.transaction(
                if: [.isMissing("t")],
                then: [.put("t", "2")],
                otherwise: [
                    .get("t"),
                    .transaction(if: [.value(of: "t", .equal, "1")], then: [.put("t", "3")]),
                ]
            )
            #expect(!refused.succeeded)
            guard case .get(let seen) = try #require(refused.answers.first),
                case .transaction(let inner) = try #require(refused.answers.last)
            else {
                Issue.record("unexpected answers: \(refused.answers)")
                return
            }
            #expect(seen.keyValues.first?.value == "1")
            #expect(inner.succeeded)
            #expect(try await client.get("t").keyValues.first?.value == "3")
            await expect(.duplicateKey) {
                try await client.transaction(if: [], then: [.put("t", "x"), .put("t", "y")])
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aCompactedAndAFutureRevisionAreToldApart(version: EtcdVersion) async throws {
        try await withClient(version) { client, _ in
            let first = try await client.put("c", "1").header.revision
            let last = try await client.put("c", "2").header.revision
            try await client.compact(before: last)
            await expect(.compacted(at: nil)) { try await client.get("c", revision: first) }
            await expect(.futureRevision) {
                try await client.get("c", revision: EtcdRevision(rawValue: last.rawValue + 100))
            }
            await expect(.compacted(at: nil)) { try await client.compact(before: first) }
            await expect(.compacted(at: last)) {
                for try await _ in client.watch(prefix: "c", after: .zero) {}
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func theClusterNamesItsMembers(version: EtcdVersion) async throws {
        try await withClient(version) { client, server in
            let members = try await client.members()
            let status = try await client.status()
            #expect(members.map(\.name) == ["test"])
            #expect(members.first?.clientURLs == [server.endpoint])
            #expect(status.version.hasPrefix(version.rawValue))
            #expect(status.leader == members.first?.id)
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aBurstOfTwoThousandRequestsLeavesTheConnectionAlive(version: EtcdVersion) async throws {
        let events = Recorder<ConnectionEvent>()
        try await withClient(version, observe: { events.record($0) }) { client, _ in
            for number in 0..<2000 {
                _ = try await client.get(Bytes("burst/\(number)"))
            }
        }
        let connections = events.all.filter { if case .connected = $0 { true } else { false } }
        let losses = events.all.filter { if case .lost = $0 { true } else { false } }
        #expect(connections.count == 1)
        #expect(losses.isEmpty)
    }

    @Test func anEtcdThatIsNotThereIsNamedAfterTheDialTimeout() async throws {
        var configuration = EtcdClient.Configuration(endpoints: [try EtcdEndpoint("127.0.0.1:1")])
        configuration.dialTimeout = .milliseconds(500)
        let events = Recorder<ConnectionEvent>()
        let client = EtcdClient(configuration) { events.record($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            let error = await expect(.unavailable) { try await client.get("k") }
            #expect(error?.message.contains("http://127.0.0.1:1") == true)
            try await eventually("the attempt fails in words") {
                events.all.contains { event in
                    guard case .attemptFailed(_, let error) = event else { return false }
                    return error.message == "connection refused: no etcd listens there"
                }
            }
            group.cancelAll()
        }
    }

    @Test func aStoppedFirstEndpointIsLeftForTheNext() async throws {
        try await EtcdServer.with { frozen in
            try await EtcdServer.with { alive in
                frozen.pause()
                var configuration = EtcdClient.Configuration(
                    endpoints: [
                        try EtcdEndpoint(frozen.endpoint), try EtcdEndpoint(alive.endpoint),
                    ],
                    seed: 0
                ).patient
                configuration.attemptTimeout = .milliseconds(500)
                let events = Recorder<ConnectionEvent>()
                let client = EtcdClient(configuration) { events.record($0) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await client.run() }
                    defer { group.cancelAll() }
                    _ = try await client.put("here", "yes")
                }
                guard case .attemptFailed(_, let error) = events.all.first else {
                    Issue.record("\(events.all)")
                    return
                }
                #expect(
                    ["no answer in time", "connection timed out"].contains(
                        error.message
                    )
                )
                #expect(try await alive.etcdctl("get", "here").contains("yes"))
            }
        }
    }

    @Test func aKilledMemberIsFollowedByTheNext() async throws {
        try await EtcdServer.with { first in
            try await EtcdServer.with { second in
                let configuration = EtcdClient.Configuration(
                    endpoints: [
                        try EtcdEndpoint(first.endpoint), try EtcdEndpoint(second.endpoint),
                    ],
                    seed: 0
                ).patient
                try await EtcdClient.withClient(configuration) { client in
                    try await client.put("k", "first")
                    first.kill()
                    try await eventually("calls are served again") {
                        (try? await client.put("k", "second")) != nil
                    }
                }
                #expect(try await second.etcdctl("get", "k").contains("second"))
            }
        }
    }

    @Test func aLearnerIsNotUsed() async throws {
        try await EtcdServer.with { leader in
            try await EtcdServer.withLearner(of: leader) { learner in
                let configuration = EtcdClient.Configuration(
                    endpoints: [try EtcdEndpoint(learner), try EtcdEndpoint(leader.endpoint)],
                    seed: 0
                ).patient
                try await EtcdClient.withClient(configuration) { client in
                    _ = try await client.put("k", "v")
                    #expect(try await client.status().isLearner == false)
                }
            }
        }
    }

    @Test func stoppingDoesNotWaitForAPendingConnectionAttempt() async throws {
        try await EtcdServer.with { server in
            server.pause()
            var configuration = EtcdClient.Configuration(endpoints: [
                try EtcdEndpoint(server.endpoint)
            ])
            configuration.attemptTimeout = .seconds(8)
            let (events, event) = AsyncStream.makeStream(of: Void.self)
            let client = EtcdClient(configuration) { _ in event.yield() }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await client.run() }
                // The first attempt ends by its own limit; the pause after it is followed by a second.
                for await _ in events { break }
                group.cancelAll()
                let cancelled = ContinuousClock.now
                await group.waitForAll()
                #expect(cancelled.duration(to: .now) < .seconds(5))
            }
        }
    }
}

extension EtcdClient.Configuration {
    /// The same with longer limits: a machine that is busy with other tests is no etcd that is away.
    var patient: Self {
        var patient = self
        patient.attemptTimeout = .seconds(30)
        patient.dialTimeout = .seconds(60)
        patient.requestTimeout = .seconds(20)
        return patient
    }
}

/// Runs `body` with a client of a fresh server.
func withClient(
    _ version: EtcdVersion = .debian,
    observe: @escaping @Sendable (ConnectionEvent) -> Void = { _ in },
    _ body: @escaping @Sendable (EtcdClient, EtcdServer) async throws -> Void
) async throws {
    try await EtcdServer.with(version) { server in
        let configuration = EtcdClient.Configuration(
            endpoints: [try EtcdEndpoint(server.endpoint)]
        ).patient
        let client = EtcdClient(configuration, observe: observe)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            defer { group.cancelAll() }
            try await body(client, server)
        }
    }
}

/// Expects `call` to throw an ``EtcdError`` of the given code.
@discardableResult
func expect<Value>(
    _ code: EtcdError.Code,
    isolation: isolated (any Actor)? = #isolation,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ call: () async throws -> Value
) async -> EtcdError? {
    do {
        _ = try await call()
        Issue.record("did not throw \(code)", sourceLocation: sourceLocation)
    } catch let error as EtcdError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record("threw \(error), not \(code)", sourceLocation: sourceLocation)
    }
    return nil
}
