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

/// The status of the member at the other end of the connection.
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
