import EtcdAPI
import Registry

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
}
