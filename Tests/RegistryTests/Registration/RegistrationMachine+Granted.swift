import Testing

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

extension RegistrationMachine {
    /// Starts it and grants the lease that it asks for, for a minute.
    mutating func startedAndGranted() throws -> (lease: LeaseID, actions: [Action]) {
        let lease = try #require(
            started(at: .zero).compactMap {
                if case .grant(let id, _) = $0 { id } else { nil }
            }.first
        )
        return (lease, leaseGranted(lease, ttl: .seconds(60), sent: .zero, at: .zero))
    }
}

extension [RegistrationMachine.Action] {
    /// What is to be claimed.
    var claims: [Claim] { compactMap { if case .claim(let claim) = $0 { claim } else { nil } } }
}
