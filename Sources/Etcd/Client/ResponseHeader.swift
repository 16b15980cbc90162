import EtcdAPI
public import Registry

/// What every answer says of the cluster that gave it.
public struct ResponseHeader: Hashable, Sendable {
    /// The cluster.
    public let clusterID: ClusterID
    /// The member that answered.
    public let memberID: UInt64
    /// Where the cluster's logical clock stood when the call was served. For a change it is the
    /// revision of that change.
    public let revision: Revision
    /// The term of the cluster's leader; it rises with each election.
    public let raftTerm: UInt64

    init(_ message: Etcdserverpb_ResponseHeader) {
        clusterID = ClusterID(rawValue: message.clusterID)
        memberID = message.memberID
        revision = Revision(rawValue: message.revision)
        raftTerm = message.raftTerm
    }
}
