import Registry
import TestKit
import Testing

@testable import Etcd

/// A list of endpoints, and the clusters behind it.
@Suite struct ClustersTests {
    @Test func theListedOrderIsKeptWhateverIsDrawn() async throws {
        try await EtcdServer.with { one in
            try await EtcdServer.with { two in
                let endpoints = try [one, two].map { try EtcdEndpoint($0.endpoint) }
                for seed in 0..<4 as Range<UInt64> {
                    var configuration = EtcdClient.Configuration(endpoints: endpoints, seed: seed)
                    configuration.order = .listed
                    try await EtcdClient.withClient(configuration) { client in
                        _ = try await client.put("seed", Bytes("\(seed)"))
                    }
                }
                #expect(try await one.etcdctl("get", "seed").contains("3"))
                #expect(try await two.etcdctl("get", "seed") == "")
            }
        }
    }
}
