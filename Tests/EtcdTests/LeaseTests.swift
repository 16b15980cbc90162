import EtcdAPI
import TestKit
import Testing

@testable import Etcd

@Suite struct LeaseTests {
    /// Whoever speaks for etcd may say any number; clocks have an end.
    @Test(arguments: [Int64.max, Int64.min, -1, 0])
    func noTimeToLiveThatAServerSaysEndsTheProgram(number: Int64) {
        var grant = Etcdserverpb_LeaseGrantResponse()
        grant.ttl = number
        var answer = Etcdserverpb_LeaseKeepAliveResponse()
        answer.ttl = number
        var status = Etcdserverpb_LeaseTimeToLiveResponse()
        status.ttl = number
        status.grantedTtl = number
        let all = [
            LeaseGrant(grant).ttl, KeepAliveAnswer(answer).ttl, LeaseStatus(status).remaining,
            LeaseStatus(status).granted,
        ]
        for ttl in all {
            #expect(ttl >= .seconds(-1) && ttl <= .seconds(9_000_000_000))
            #expect((ttl * 3 + .seconds(1)).components.seconds < .max)
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aLeaseOfAChosenIdIsGrantedOnceListedAndRevoked(version: EtcdVersion) async throws {
        try await withClient(version) { client, _ in
            let id = EtcdLeaseID(rawValue: 0x1234_5678_9abc_def0)
            let lease = try await client.grantLease(ttl: .seconds(60), id: id)
            #expect(lease.id == id && lease.ttl == .seconds(60))
            await expect(.leaseExists) { try await client.grantLease(ttl: .seconds(60), id: id) }

            try await client.put("l", "v", lease: id)
            let status = try #require(try await client.timeToLive(of: id, withKeys: true))
            #expect(status.granted == .seconds(60) && status.remaining > .seconds(50))
            #expect(status.keys == ["l"])
            #expect(try await client.leases() == [id])
            #expect(try await client.get("l").keyValues.first?.lease == id)

            try await client.revokeLease(id)
            #expect(try await client.get("l").count == 0)
            #expect(try await client.timeToLive(of: id) == nil)
            await expect(.leaseNotFound) { try await client.revokeLease(id) }
            await expect(.leaseNotFound) { try await client.put("l", "v", lease: id) }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aLeaseLivesWhileAskedForAndEndsWhenNobodyAsks(version: EtcdVersion) async throws {
        try await withClient(version) { client, _ in
            let lease = try await client.grantLease(ttl: .seconds(10))
            try await client.put("k", "v", lease: lease.id)
            let began = ContinuousClock.now
            var answers = 0
            for try await answer in client.keepAlive(lease.id) {
                #expect(answer.ttl == lease.ttl)
                answers += 1
                if began.duration(to: .now) > .seconds(12) { break }
            }
            #expect(answers >= 3)
            #expect(try await client.get("k").count == 1)
            try await eventually("the key expires", within: lease.ttl + .seconds(4)) {
                try await client.get("k").count == 0
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func keepingARevokedLeaseAliveThrows(version: EtcdVersion) async throws {
        try await withClient(version) { client, server in
            let lease = try await client.grantLease(ttl: .seconds(3))
            let error = await expect(.leaseNotFound) {
                for try await _ in client.keepAlive(lease.id) {
                    _ = try? await server.etcdctl("lease", "revoke", lease.id.description)
                }
            }
            #expect(error?.message.contains("grant a new one") == true)
        }
    }

    @Test func aKeepAliveOutlivesARestartOfTheServer() async throws {
        try await withClient { client, server in
            let lease = try await client.grantLease(ttl: .seconds(10))
            var (answers, restarted) = (0, false)
            for try await _ in client.keepAlive(lease.id) {
                answers += 1
                if answers == 1 {
                    server.kill()
                    try await server.start()
                    restarted = true
                }
                if answers == 3 { break }
            }
            #expect(restarted && answers == 3)
        }
    }
}
