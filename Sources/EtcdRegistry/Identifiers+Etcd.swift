import Etcd
import Registry

// etcd's numbers and the registry's are the same ones under two names: neither module knows the other.

extension Revision {
    init(_ revision: EtcdRevision) { self.init(rawValue: revision.rawValue) }
}

extension EtcdRevision {
    init(_ revision: Revision) { self.init(rawValue: revision.rawValue) }
}

extension LeaseID {
    init(_ lease: EtcdLeaseID) { self.init(rawValue: lease.rawValue) }
}

extension EtcdLeaseID {
    init(_ lease: LeaseID) { self.init(rawValue: lease.rawValue) }
}

extension ClusterID {
    init(_ cluster: EtcdClusterID) { self.init(rawValue: cluster.rawValue) }
}
