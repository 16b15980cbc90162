import TestKit
import Testing

@testable import Etcd

/// A list of endpoints, and the clusters behind it.
@Suite struct ClustersTests {
    @Test(arguments: EtcdVersion.allCases)
    func eachEndpointThatAnswersTellsItsCluster(version: EtcdVersion) async throws {
        try await EtcdServer.with(version) { one in
            try await EtcdServer.with(version) { two in
                let endpoints = try [
                    EtcdEndpoint(one.endpoint), EtcdEndpoint("127.0.0.1:1"),
                    EtcdEndpoint(two.endpoint),
                    EtcdEndpoint(one.endpoint.replacing("127.0.0.1", with: "localhost")),
                ]
                let client = EtcdClient(EtcdClient.Configuration(endpoints: endpoints).patient)
                let answers = await client.clusters()
                #expect(
                    answers.map(\.endpoint) == [endpoints[0], endpoints[2], endpoints[3]]
                )
                let clusters = answers.map(\.cluster)
                #expect(clusters.count == 3 && clusters[0] == clusters[2])
                #expect(clusters.first != clusters.dropFirst().first)
                try await EtcdClient.withClient(.init(endpoints: [endpoints[0]])) { client in
                    let status = try await client.status()
                    #expect(status.header.clusterID == clusters.first)
                }
            }
        }
    }

    @Test func theListedOrderIsKeptWhateverIsDrawn() async throws {
        try await EtcdServer.with { one in
            try await EtcdServer.with { two in
                let endpoints = try [one, two].map { try EtcdEndpoint($0.endpoint) }
                for seed in 0..<4 as Range<UInt64> {
                    var configuration = EtcdClient.Configuration(endpoints: endpoints, seed: seed)
                        .patient
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
