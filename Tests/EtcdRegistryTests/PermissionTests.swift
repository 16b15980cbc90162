import Etcd
import Registry
import Synchronization
import TestKit
import Testing

@testable import EtcdRegistry

/// What a user may not do in etcd, and what the store says of it.
@Suite struct PermissionTests {
    @Test(arguments: EtcdVersion.allCases)
    func whatIsNotAllowedIsSaidWithUserKeysAndRemedy(version: EtcdVersion) async throws {
        try await EtcdServer.with(version) { server in
            try await server.addUsers()
            var configuration = EtcdClient.Configuration(endpoints: [
                try EtcdEndpoint(server.endpoint)
            ])
            // A machine that is busy with other tests is no etcd that is away.
            configuration.dialTimeout = .seconds(60)
            configuration.requestTimeout = .seconds(20)
            configuration.credentials = .init(username: "discoveryd") { "secret" }
            try await EtcdClient.withClient(configuration) { client in
                let ended = Mutex<[EtcdRegistryStore.Request: StoreError.Code?]>([:])
                let store = EtcdRegistryStore(client) { report in
                    guard case .ended(let request, _, let error) = report else { return }
                    ended.withLock { $0[request] = .some(error?.code) }
                }
                let prefix = try #require(RegistryPrefix("elsewhere/"))
                let read =
                    "user discoveryd may not read elsewhere/ (all of it is needed): etcdctl role grant-permission "
                    + "ROLE --prefix=true read elsewhere/"
                let write =
                    "user discoveryd may not read and write elsewhere/web/web-1 and /skydns/test/web/web-1: etcdctl "
                    + "role grant-permission ROLE --prefix=true readwrite /skydns/test/web/; etcdctl role "
                    + "grant-permission ROLE --prefix=true readwrite elsewhere/web/"
                let key = try ServiceKey("web/web-1")
                let claim = Claim(
                    key: prefix.key(key),
                    instance: key,
                    value: [],
                    lease: LeaseID(
                        rawValue: try await client.grantLease(ttl: .seconds(60)).id.rawValue
                    ),
                    owner: try #require(OwnerID("nobody")),
                    companions: [CompanionRecord(key: "/skydns/test/web/web-1", value: [1])]
                )
                let quiet = AsyncStream<Void> { _ in }
                // What may be read says which connection it is.
                let mark = try await store.snapshot(of: .standard).mark
                for (sentence, call) in [
                    (read, { _ = try await store.snapshot(of: prefix) }),
                    (read, { _ = try await store.summary(of: prefix, since: .zero) }),
                    (read, { _ = try await store.count(of: prefix, on: mark.connection) }),
                    (
                        read,
                        {
                            try await store.watch(prefix, after: mark, asks: quiet) { _ in }
                        }
                    ),
                    (write, { _ = try await store.claim(claim) }),
                    (write, { try await store.rewrite(claim) }),
                ] as [(String, () async throws -> Void)] {
                    let error = await #expect(throws: StoreError.self) { try await call() }
                    #expect(error?.code == .refused && error?.message == sentence)
                }
                // The metrics count them as what they were.
                let refused = ended.withLock { $0.filter { $0.value == .refused }.keys }
                #expect(
                    Set(refused) == [.snapshot, .summary, .count, .watch, .claim, .rewrite]
                )
            }
        }
    }
}
