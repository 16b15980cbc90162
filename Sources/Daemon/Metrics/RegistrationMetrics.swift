import Configuration
import Exposition
import Registry

/// The lease, and this host's services under it.
struct RegistrationMetrics: Sendable {
    private enum Change: String, CaseIterable {
        case registered, updated, lost, refused, failed, withdrawn
    }

    private enum Answer: String, CaseIterable {
        case renewed, gone
    }

    private let grants: Counter
    private let continuations: Counter
    private let grantFailures: Counter
    private let expirations: Counter
    private let doubts: Counter
    private let keepAlives: Counter
    private let remaining: Gauge
    private let registered: Gauge
    private let changes: Counter

    init(in registry: MetricsRegistry) {
        grants = registry.counter("discoveryd_lease_grants_total", "Leases granted.")
        continuations = registry.counter(
            "discoveryd_lease_continuations_total",
            "Leases of an earlier run that were continued."
        )
        grantFailures = registry.counter(
            "discoveryd_lease_grant_failures_total",
            "Lease grants that failed."
        )
        expirations = registry.counter(
            "discoveryd_lease_expirations_total",
            "Leases lost: expired, revoked, or used by another host with the same machine-id."
        )
        doubts = registry.counter(
            "discoveryd_lease_doubts_total",
            "Times that no keep-alive was answered for a whole TTL."
        )
        keepAlives = registry.counter(
            "discoveryd_lease_keepalives_total",
            "Keep-alives answered.",
            labels: ["result"]
        )
        remaining = registry.gauge(
            "discoveryd_lease_ttl_remaining_seconds",
            "Time until the lease may expire; 0 without a lease."
        )
        registered = registry.gauge(
            "discoveryd_service_registered",
            "Whether each instance of the service on this host is registered.",
            labels: ["service"]
        )
        changes = registry.counter(
            "discoveryd_service_registration_changes_total",
            "What happened to the registrations of this host.",
            labels: ["service", "op"]
        )
        for answer in Answer.allCases { keepAlives.create(answer.rawValue) }
    }

    func record(_ report: RegistrationReport) {
        switch report {
        case .leaseGranted: grants.add()
        case .leaseContinued: continuations.add()
        case .grantFailed: grantFailures.add()
        case .leaseLost, .leaseShared: expirations.add()
        case .leaseDoubtful: doubts.add()
        case .registered(let key, _, _), .reclaimed(let key): count(.registered, key)
        case .updated(let key, _, _): count(.updated, key)
        case .lost(let key, _), .lostAgain(let key): count(.lost, key)
        case .refused(let key, _): count(.refused, key)
        case .claimFailed(let key, _, _): count(.failed, key)
        case .withdrawn(let key): count(.withdrawn, key)
        case .companionsHeld, .contested, .left, .paused: break
        }
    }

    func keepAliveAnswered(ttl: Duration) {
        keepAlives.add(1, (ttl > .zero ? Answer.renewed : .gone).rawValue)
    }

    /// The services that are configured now have series, and no others. One without an instance waits for an address.
    func update(from state: DaemonState) {
        let names = Set(state.configuration.services.map(\.name.text))
        remaining.set((state.leaseRemaining ?? .zero) / .seconds(1))
        var all = Dictionary(names.map { ($0, false) }) { first, _ in first }
        let byName = Dictionary(grouping: state.registrations) { $0.key.service.text }
        for (name, instances) in byName where names.contains(name) {
            all[name] = instances.allSatisfy { $0.value.status.isRegistered }
        }
        registered.setAll(all.mapValues { $0 ? 1 : 0 })
        changes.keep(names)
        for name in names {
            for change in Change.allCases { changes.create(name, change.rawValue) }
        }
    }

    private func count(_ change: Change, _ key: ServiceKey) {
        changes.add(1, key.service.text, change.rawValue)
    }
}

extension RegistrationStatus {
    fileprivate var isRegistered: Bool {
        switch self {
        case .registered, .updating: true
        case .pending, .refused, .withdrawn: false
        }
    }
}
