import Etcd
import Registry
import TestKit
import Testing
import Texts

@testable import EtcdRegistry

/// What every ``RegistryStore`` must do, on the one in memory and on real etcd: so that the fake
/// cannot lie.
@Suite struct RegistryStoreContractTests {
    enum Kind: CaseIterable {
        case memory
        case etcd34
        case etcd35
    }

    private let prefix = RegistryPrefix.standard
    private let ours = OwnerID("host-a")
    private let theirs = OwnerID("host-b")
    private let lease = LeaseID(rawValue: 1001)
    private let otherLease = LeaseID(rawValue: 2002)

    @Test(arguments: Kind.allCases)
    func grantingALeaseTwiceIsGrantingItOnce(kind: Kind) async throws {
        try await withStore(kind) { store in
            let first = try await store.grantLease(lease, ttl: .seconds(60))
            let second = try await store.grantLease(lease, ttl: .seconds(60))
            #expect(first.granted == .seconds(60) && second.granted == .seconds(60))
            #expect(first.clusterID == second.clusterID)
            try await store.revokeLease(lease)
            try await store.revokeLease(lease)
        }
    }

    @Test(arguments: Kind.allCases)
    func aLeaseIsAskedForWithoutRenewingIt(kind: Kind) async throws {
        try await withStore(kind) { store in
            #expect(try await store.term(of: lease) == nil)
            let granted = try await store.grantLease(lease, ttl: .seconds(60))
            let term = try #require(try await store.term(of: lease))
            #expect(term.clusterID == granted.clusterID && term.granted == .seconds(60))
            #expect(term.remaining <= .seconds(60) && term.remaining > .seconds(50))
            try await store.revokeLease(lease)
            #expect(try await store.term(of: lease) == nil)
        }
    }

    @Test(arguments: Kind.allCases)
    func claimingAKeyThatStandsAsItIsWantedChangesNothing(kind: Kind) async throws {
        try await withStore(kind) { store in
            _ = try await store.grantLease(lease, ttl: .seconds(60))
            let first = try revision(of: await store.claim(claim("web", "1", lease)))
            _ = try revision(of: await store.claim(claim("web", "2", lease)))
            let before = try await store.snapshot(of: prefix)
            #expect(try revision(of: await store.claim(claim("web", "1", lease))) == first)
            #expect(try await store.snapshot(of: prefix).revision == before.revision)
        }
    }

    @Test(arguments: Kind.allCases)
    func aCountTellsHowManyKeysThereAreAndWhereTheStoreStands(kind: Kind) async throws {
        try await withStore(kind) { store in
            _ = try await store.grantLease(lease, ttl: .seconds(60))
            _ = try await store.claim(claim("web", "1", lease))
            let last = try revision(of: await store.claim(claim("web", "2", lease)))
            let connection = try await store.snapshot(of: prefix).mark.connection
            let count = try await store.count(of: prefix, on: connection)
            #expect(count.count == 2 && count.revision == last)
            await #expect(throws: StoreError.self) {
                try await store.count(of: prefix, on: connection + 1)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func theSummaryCountsTheKeysAndNamesThoseThatChangedSince(kind: Kind) async throws {
        try await withStore(kind) { store in
            let empty = try await store.summary(of: prefix, since: .zero)
            #expect(empty.count == 0 && empty.changed.isEmpty)
            _ = try await store.grantLease(lease, ttl: .seconds(60))
            _ = try await store.claim(claim("web", "1", lease))
            _ = try await store.claim(claim("web", "2", lease))
            let first = try revision(of: await store.claim(claim("web", "2", lease)))
            let last = try revision(of: await store.claim(claim("web", "1", lease, port: 81)))
            let summary = try await store.summary(of: prefix, since: first)
            #expect(summary.revision == last && summary.count == 2)
            #expect(summary.changed == ["services/web/1": last])
            try await store.withdraw(claim("web", "1", lease))
            let later = try await store.summary(of: prefix, since: last)
            #expect(later.count == 1 && later.changed.isEmpty)
        }
    }

    @Test(arguments: Kind.allCases)
    func aFreeKeyIsClaimedAndClaimedAgainUnderTheSameLease(kind: Kind) async throws {
        try await withStore(kind) { store in
            _ = try await store.grantLease(lease, ttl: .seconds(60))
            let first = try revision(of: await store.claim(claim("web", "1", lease)))
            let second = try revision(of: await store.claim(claim("web", "1", lease, port: 81)))
            #expect(second > first)
            let record = try #require(try await store.snapshot(of: prefix).records.first)
            #expect(record.createRevision == first && record.modRevision == second)
            #expect(record.version == 2 && record.lease == lease)
        }
    }

    @Test(arguments: Kind.allCases)
    func aKeyUnderTheLiveLeaseOfAnotherHostIsRefusedWithTheHoldersName(kind: Kind) async throws {
        try await withStore(kind) { store in
            for id in [lease, otherLease] { _ = try await store.grantLease(id, ttl: .seconds(60)) }
            _ = try await store.claim(claim("web", "1", otherLease, owner: theirs, port: 8081))
            let outcome = try await store.claim(claim("web", "1", lease))
            let holder = Holder(owner: theirs, lease: otherLease, address: "10.0.0.1:8081")
            #expect(outcome == .heldByAnotherHost(holder))

            try await store.revokeLease(otherLease)
            _ = try revision(of: await store.claim(claim("web", "1", lease)))
        }
    }

    @Test(arguments: Kind.allCases)
    func aKeyUnderAnotherLiveLeaseOfOurOwnHostIsToldApart(kind: Kind) async throws {
        try await withStore(kind) { store in
            for id in [lease, otherLease] { _ = try await store.grantLease(id, ttl: .seconds(60)) }
            _ = try await store.claim(claim("web", "1", otherLease))
            let holder = Holder(owner: ours, lease: otherLease, address: "10.0.0.1:80")
            #expect(try await store.claim(claim("web", "1", lease)) == .heldByOurHost(holder))
        }
    }

    @Test(arguments: Kind.allCases)
    func aClaimUnderALeaseThatEndedSaysSoAndPutsNothing(kind: Kind) async throws {
        try await withStore(kind) { store in
            let outcome = try await store.claim(claim("web", "1", lease))
            #expect(outcome == .leaseGone)
            #expect(try await store.snapshot(of: prefix).records.isEmpty)
        }
    }

    @Test(arguments: Kind.allCases)
    func onlyAKeyThatIsStillOursIsRewrittenOrWithdrawn(kind: Kind) async throws {
        try await withStore(kind) { store in
            for id in [lease, otherLease] { _ = try await store.grantLease(id, ttl: .seconds(60)) }
            _ = try await store.claim(claim("web", "1", lease))
            _ = try await store.claim(claim("web", "2", otherLease, owner: theirs))
            let before = try await store.snapshot(of: prefix)

            try await store.rewrite(claim("web", "2", lease, port: 99))
            try await store.rewrite(claim("web", "3", lease, port: 99))
            try await store.withdraw(claim("web", "2", lease))
            #expect(try await store.snapshot(of: prefix) == before)

            try await store.rewrite(claim("web", "1", lease, port: 99))
            let rewritten = try await store.snapshot(of: prefix)
            #expect(rewritten.records.first?.version == 2)
            try await store.withdraw(claim("web", "1", lease))
            #expect(
                try await store.snapshot(of: prefix).records.map(\.key) == ["services/web/2"]
            )
        }
    }

    @Test(arguments: Kind.allCases)
    func aRevokedLeaseTakesItsKeysAlong(kind: Kind) async throws {
        try await withStore(kind) { store in
            _ = try await store.grantLease(lease, ttl: .seconds(60))
            for id in ["1", "2", "3"] { _ = try await store.claim(claim("web", id, lease)) }
            try await store.revokeLease(lease)
            #expect(try await store.snapshot(of: prefix).records.isEmpty)
        }
    }

    @Test(arguments: Kind.allCases)
    func aKeepAliveIsAnsweredPerBeatAndWithZeroWhenTheLeaseIsGone(kind: Kind) async throws {
        try await withStore(kind) { store in
            _ = try await store.grantLease(lease, ttl: .seconds(60))
            let (beats, beat) = AsyncStream.makeStream(of: Void.self)
            let (answers, answer) = AsyncStream.makeStream(of: Duration.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await store.keepAlive(lease, beats: beats) { answer.yield($0) }
                }
                var next = answers.makeAsyncIterator()
                beat.yield()
                #expect(await next.next() == .seconds(60))
                beat.yield()
                #expect(await next.next() == .seconds(60))
                try await store.revokeLease(lease)
                beat.yield()
                #expect(await next.next() == .zero)
                group.cancelAll()
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func aWatchTellsEveryChangeAfterItsRevisionInOrder(kind: Kind) async throws {
        try await withStore(kind) { store in
            _ = try await store.grantLease(lease, ttl: .seconds(60))
            _ = try await store.claim(claim("web", "1", lease))
            let snapshot = try await store.snapshot(of: prefix)
            _ = try await store.claim(claim("web", "2", lease))
            try await store.withdraw(claim("web", "1", lease))

            let (stream, news) = AsyncStream.makeStream(of: WatchNews.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let quiet = AsyncStream<Void> { _ in }
                group.addTask {
                    try await store.watch(prefix, after: snapshot.mark, asks: quiet) {
                        news.yield($0)
                    }
                }
                _ = try await store.claim(claim("web", "3", lease))
                var events: [StoreEvent] = []
                for await news in stream {
                    #expect(news.clusterID == snapshot.clusterID)
                    events += news.events
                    if events.count == 3 { break }
                }
                group.cancelAll()
                #expect(events.map(\.key) == ["2", "1", "3"].map { "services/web/\($0)" })
                #expect(events.map(\.revision).sorted() == events.map(\.revision))
                #expect(events[1] == .deleted(key: events[1].key, at: events[1].revision))
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func aQuietWatchTellsThatItIsThereAndAnswersWhenAsked(kind: Kind) async throws {
        try await withStore(kind) { store in
            let snapshot = try await store.snapshot(of: prefix)
            let (asks, ask) = AsyncStream.makeStream(of: Void.self)
            let (stream, news) = AsyncStream.makeStream(of: WatchNews.self)
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await store.watch(prefix, after: snapshot.mark, asks: asks) {
                        news.yield($0)
                    }
                }
                var next = stream.makeAsyncIterator()
                #expect(await next.next()?.events == [])
                ask.yield()
                #expect(await next.next()?.revision == snapshot.revision)
                group.cancelAll()
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func aWatchIsNotOpenedOverAnotherConnectionThanItsSnapshots(kind: Kind) async throws {
        try await withStore(kind) { store in
            var mark = try await store.snapshot(of: prefix).mark
            mark.connection += 1_000_000
            let quiet = AsyncStream<Void> { _ in }
            let error = await #expect(throws: StoreError.self) {
                try await store.watch(prefix, after: mark, asks: quiet) { _ in }
            }
            #expect(error?.code == .unavailable)
        }
    }

    @Test(arguments: Kind.allCases)
    func whatStandsBesideAKeyIsPutChangedAndTakenOutWithIt(kind: Kind) async throws {
        let aside = try #require(RegistryPrefix("/aside"))
        try await withStore(kind) { store in
            for id in [lease, otherLease] { _ = try await store.grantLease(id, ttl: .seconds(60)) }
            var claim = try claim("web", "1", lease)
            claim.companions = [
                CompanionRecord(key: "/aside/a", value: [1]),
                CompanionRecord(key: "/aside/b", value: [2]),
                CompanionRecord(key: "/aside/none", value: nil),
            ]
            let first = try revision(of: await store.claim(claim))
            let records = try await store.snapshot(of: aside).records
            #expect(records.map(\.key) == ["/aside/a", "/aside/b"])
            #expect(records.allSatisfy { $0.modRevision == first && $0.lease == lease })
            let keys = try #require(try await store.term(of: lease)).keys
            #expect(Set(keys) == ["services/web/1", "/aside/a", "/aside/b"])

            // As it is wanted: nothing changes.
            #expect(try revision(of: await store.claim(claim)) == first)
            #expect(try await store.snapshot(of: aside).revision == first)

            // What is not as it is wanted, and nothing else: no reader of the key hears of it.
            claim.companions[1] = CompanionRecord(key: "/aside/b", value: nil)
            #expect(try revision(of: await store.claim(claim)) == first)
            let changed = try await store.snapshot(of: aside)
            #expect(changed.records.map(\.key) == ["/aside/a"] && changed.revision == first.next)
            claim.companions[0] = CompanionRecord(key: "/aside/a", value: [3])
            _ = try revision(of: await store.claim(claim))
            #expect(try await store.snapshot(of: aside).records.map(\.value) == [[3]])

            // What stands there under another lease is not ours to delete.
            var others = try self.claim("web", "2", otherLease, owner: theirs)
            others.companions = [CompanionRecord(key: "/aside/b", value: [4])]
            _ = try revision(of: await store.claim(others))
            // Nor to overwrite: each of the two hosts would do so for ever.
            claim.companions[1] = CompanionRecord(key: "/aside/b", value: [5])
            for _ in 0..<2 {
                #expect(
                    try await store.claim(claim)
                        == .claimed(at: first, companionsHeld: ["/aside/b"])
                )
            }
            let before = try await store.snapshot(of: prefix).revision
            try await store.withdraw(claim)
            let after = try await store.snapshot(of: aside)
            #expect(after.records.map(\.key) == ["/aside/b"] && after.revision == before.next)
            #expect(
                try await store.snapshot(of: prefix).records.map(\.key) == ["services/web/2"]
            )
        }
    }

    private func claim(
        _ service: String,
        _ id: String,
        _ lease: LeaseID,
        owner: OwnerID? = nil,
        port: UInt16 = 80
    ) throws -> Claim {
        let key = try ServiceKey("\(service)/\(id)")
        let instance = ServiceInstance(
            key: key,
            address: try #require(HostAddress("10.0.0.1")),
            port: port
        )
        let owner = try #require(owner ?? ours)
        return Claim(
            key: prefix.key(key),
            instance: key,
            value: RecordCodec.encode(instance, owner: owner),
            lease: lease,
            owner: owner
        )
    }

    private func revision(of outcome: ClaimOutcome) throws -> Revision {
        guard case .claimed(let revision, _) = outcome else {
            throw DidNotHappen(description: "not claimed: \(outcome)")
        }
        return revision
    }

    private func withStore(
        _ kind: Kind,
        _ body: @escaping @Sendable (any RegistryStore) async throws -> Void
    ) async throws {
        switch kind {
        case .memory: try await body(InMemoryRegistryStore())
        case .etcd34:
            try await withStore(on: .debian, body)
        case .etcd35:
            try await withStore(on: .wheel, body)
        }
    }

    private func withStore(
        on version: EtcdVersion,
        _ body: @escaping @Sendable (any RegistryStore) async throws -> Void
    ) async throws {
        try await EtcdServer.with(version) { server in
            var configuration = EtcdClient.Configuration(endpoints: [
                try EtcdEndpoint(server.endpoint)
            ])
            // A machine that is busy with other tests is no etcd that is away.
            configuration.dialTimeout = .seconds(60)
            configuration.requestTimeout = .seconds(20)
            try await EtcdClient.withClient(configuration) { try await body(EtcdRegistryStore($0)) }
        }
    }
}
