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
        let lease = try #require(started(at: .zero).grants.first)
        return (lease, leaseGranted(lease, ttl: .seconds(60), sent: .zero, at: .zero))
    }

    /// Whether each of its instances is registered, or is not for a reason that is known.
    var isSettled: Bool { statuses.values.allSatisfy(\.isSettled) }
}

extension [RegistrationMachine.Action] {
    /// The leases that are to be granted.
    var grants: [LeaseID] { compactMap { if case .grant(let id, _) = $0 { id } else { nil } } }

    /// What is to be claimed.
    var claims: [Claim] { compactMap { if case .claim(let claim) = $0 { claim } else { nil } } }

    /// What is to be withdrawn.
    var withdrawals: [Claim] {
        compactMap { if case .withdraw(let claim) = $0 { claim } else { nil } }
    }

    /// What is reported.
    var reports: [RegistrationReport] {
        compactMap { if case .report(let report) = $0 { report } else { nil } }
    }

    /// The streams on which a keep-alive is to be sent.
    var keepAlives: [Int] {
        compactMap { action in
            switch action {
            case .openKeepAlive(_, let stream), .sendKeepAlive(let stream): stream
            default: nil
            }
        }
    }
}
