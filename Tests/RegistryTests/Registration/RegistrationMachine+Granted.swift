@testable import Registry

extension RegistrationMachine {
    /// A grant by the cluster that tests talk of.
    mutating func leaseGranted(
        _ id: LeaseID,
        ttl: Duration,
        sent: Duration,
        at now: Duration
    ) -> [Action] {
        leaseGranted(
            id,
            LeaseTerm(clusterID: ClusterID(rawValue: 1), granted: ttl),
            sent: sent,
            at: now
        )
    }
}
