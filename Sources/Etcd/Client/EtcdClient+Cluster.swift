import EtcdAPI

extension EtcdClient {
    /// Lists the members of the cluster.
    ///
    /// - Throws: ``EtcdError``.
    ///
    /// Source: etcd API, `Cluster.MemberList`.
    public func members() async throws(EtcdError) -> [Member] {
        try await call("Cluster.MemberList") { grpc, options in
            try await Etcdserverpb_Cluster.Client(wrapping: grpc)
                .memberList(Etcdserverpb_MemberListRequest(), options: options)
        }.members.map { member in
            Member(
                id: member.id,
                name: member.name,
                peerURLs: member.peerUrls,
                clientURLs: member.clientUrls,
                isLearner: member.isLearner
            )
        }
    }

    /// Asks the member at the other end of the connection how it is.
    ///
    /// - Throws: ``EtcdError``.
    ///
    /// Source: etcd API, `Maintenance.Status`.
    public func status() async throws(EtcdError) -> MemberStatus {
        let answer = try await call("Maintenance.Status") { grpc, options in
            try await Etcdserverpb_Maintenance.Client(wrapping: grpc)
                .status(Etcdserverpb_StatusRequest(), options: options)
        }
        return MemberStatus(
            header: ResponseHeader(answer.header),
            version: answer.version,
            databaseSize: answer.dbSize,
            leader: answer.leader,
            raftTerm: answer.raftTerm,
            isLearner: answer.isLearner
        )
    }

    /// Asks each endpoint of the configuration which cluster it belongs to, one after the other and over
    /// connections of their own. Endpoints of several clusters in one list are a mistake: what one writes
    /// through one of them is not found through the next.
    ///
    /// - Returns: The endpoints that answered, in the order of the list. Cancelled it is cut short.
    ///
    /// Source: etcd API, the header of `Maintenance.Status`.
    public func clusters() async -> [(endpoint: EtcdEndpoint, cluster: EtcdClusterID)] {
        var found: [(endpoint: EtcdEndpoint, cluster: EtcdClusterID)] = []
        for endpoint in configuration.endpoints {
            guard !Task.isCancelled else { break }
            // One that does not answer is told by the connection when it is its turn.
            if let cluster = try? await supervisor.cluster(at: endpoint) {
                found.append((endpoint, cluster))
            }
        }
        return found
    }
}
