import EtcdAPI

/// The header of every response: cluster, member and revision.
public struct ResponseHeader: Hashable, Sendable {
    /// The cluster.
    public internal(set) var clusterID = EtcdClusterID(rawValue: 0)
    /// The member that answered.
    public internal(set) var memberID: UInt64 = 0
    /// Where the cluster's logical clock stood when the call was served. For a change it is the
    /// revision of that change.
    public internal(set) var revision = EtcdRevision.zero
    /// The term of the cluster's leader; it rises with each election.
    public internal(set) var raftTerm: UInt64 = 0

    init() {}

    init(_ message: Etcdserverpb_ResponseHeader) {
        clusterID = EtcdClusterID(rawValue: message.clusterID)
        memberID = message.memberID
        revision = EtcdRevision(rawValue: message.revision)
        raftTerm = message.raftTerm
    }
}
