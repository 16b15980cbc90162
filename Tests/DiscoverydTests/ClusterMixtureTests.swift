import Etcd
import Registry
import Testing

@testable import discoveryd

@Suite struct ClusterMixtureTests {
    @Test func endpointsOfOneClusterAreNoMixture() throws {
        #expect(ClusterMixture([])?.description == nil)
        let same = ClusterMixture([try answer("10.0.0.1", 1), try answer("10.0.0.2", 1)])
        #expect(same?.description == nil)
    }

    @Test func endpointsOfSeveralAreNamedByTheirCluster() throws {
        let mixture = ClusterMixture([
            try answer("10.0.0.1", 0x2a), try answer("10.0.0.2", 0x2b),
            try answer("10.0.0.3", 0x2a),
        ])
        #expect(
            mixture?.description
                == "endpoints belong to different etcd clusters: http://10.0.0.1:2379, "
                + "http://10.0.0.3:2379 of 2a; http://10.0.0.2:2379 of 2b; "
                + "this host's registry changes with the endpoint that is connected: list the "
                + "endpoints of one cluster only"
        )
    }

    private func answer(
        _ host: String,
        _ cluster: UInt64
    ) throws -> (endpoint: EtcdEndpoint, cluster: EtcdClusterID) {
        (try EtcdEndpoint(host), EtcdClusterID(rawValue: cluster))
    }
}
