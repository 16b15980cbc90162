import EtcdAPI
import Registry

/// One member of the cluster, as the cluster knows it.
public struct Member: Hashable, Sendable {
    /// Its id; etcdctl prints it in hexadecimal.
    public let id: UInt64
    /// Its name; empty before it has started.
    public let name: String
    /// Where the other members reach it.
    public let peerURLs: [String]
    /// Where clients reach it, as it says itself.
    public let clientURLs: [String]
    /// Whether it only listens and does not vote.
    public let isLearner: Bool
}

/// How the member at the other end of the connection is.
public struct MemberStatus: Hashable, Sendable {
    /// Where the cluster stands, in this member's eyes.
    public let header: ResponseHeader
    /// The version of its etcd, such as `3.5.1`.
    public let version: String
    /// The size of its database on disk, in bytes.
    public let databaseSize: Int64
    /// The id of the member that it takes for the leader; zero when it knows none.
    public let leader: UInt64
    /// The term of that leader.
    public let raftTerm: UInt64
    /// Whether it only listens and does not vote.
    public let isLearner: Bool
}

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
