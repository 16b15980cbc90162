import Exposition
import FoundationEssentials
import Registry

/// The list, and how well it follows etcd.
struct ListMetrics: Sendable {
    private enum Kind: String, CaseIterable {
        case put, delete
    }

    private enum Result: String, CaseIterable {
        case ok, failed
    }

    private let synced: Gauge
    private let revision: Gauge
    private let lastSync: Gauge
    private let events: Counter
    private let restarts: Counter
    private let snapshots: Counter
    private let restores: Counter
    private let divergences: Counter
    private let massLosses: Counter
    private let services: Gauge
    private let endpoints: Gauge
    private let held: Gauge
    private let oversized: Gauge
    private let rejected: Counter
    private let foreign: Gauge

    private static let mostOversized = 20

    init(in registry: MetricsRegistry) {
        synced = registry.gauge(
            "discoveryd_watch_synced",
            "Whether the endpoint list follows etcd."
        )
        revision = registry.gauge(
            "discoveryd_watch_revision",
            "The revision at which the list was read or last changed."
        )
        lastSync = registry.gauge(
            "discoveryd_watch_last_sync_timestamp_seconds",
            "Time of the last full read of the list; 0 if never."
        )
        events = registry.counter(
            "discoveryd_watch_events_total",
            "Changes under the prefix received over the watch.",
            labels: ["type"]
        )
        restarts = registry.counter(
            "discoveryd_watch_restarts_total",
            "Times that the list stopped following etcd and had to be read again."
        )
        snapshots = registry.counter(
            "discoveryd_watch_snapshots_total",
            "Full reads of the list.",
            labels: ["result"]
        )
        restores = registry.counter(
            "discoveryd_watch_restores_total",
            "Times that etcd was restored from an older state, or was a different cluster."
        )
        divergences = registry.counter(
            "discoveryd_watch_divergences_total",
            "Comparisons with etcd that showed a change the watch had missed."
        )
        massLosses = registry.counter(
            "discoveryd_watch_mass_losses_total",
            "Times that most endpoints disappeared at once without deregistering, and were held."
        )
        services = registry.gauge("discoveryd_services", "Services in the list.")
        endpoints = registry.gauge("discoveryd_endpoints", "Endpoints in the list.")
        held = registry.gauge(
            "discoveryd_endpoints_held",
            "Endpoints missing in etcd that stay in the files for their hold time."
        )
        oversized = registry.gauge(
            "discoveryd_service_oversized_keys",
            "Keys of a service that exceeds [limits]; its endpoints are not updated.",
            labels: ["service"]
        )
        rejected = registry.counter(
            "discoveryd_endpoints_rejected_total",
            "Invalid records in etcd, skipped."
        )
        foreign = registry.gauge(
            "discoveryd_keys_foreign",
            "Keys under the prefix that are not endpoints, at the last full read."
        )
        for kind in Kind.allCases { events.create(kind.rawValue) }
        for result in Result.allCases { snapshots.create(result.rawValue) }
    }

    func record(_ report: WatchReport) {
        switch report {
        case .synced(_, _, _, _, let count):
            snapshots.add(1, Result.ok.rawValue)
            foreign.set(Double(count))
        case .outOfSync: restarts.add()
        case .snapshotFailed: snapshots.add(1, Result.failed.rawValue)
        case .restored: restores.add()
        case .massLoss: massLosses.add()
        case .diverged: divergences.add()
        case .badRecord: rejected.add()
        case .moreBadRecords(let count): rejected.add(count)
        case .progressUnanswered, .limitsExceeded, .massLossEnded, .badRecordEnded: break
        }
    }

    func heard(_ news: WatchNews) {
        let puts = news.events.count { if case .put = $0 { true } else { false } }
        events.add(puts, Kind.put.rawValue)
        events.add(news.events.count - puts, Kind.delete.rawValue)
    }

    func update(from state: DaemonState) {
        synced.set(state.isCurrent)
        lastSync.set(state.lastSync?.timeIntervalSince1970 ?? 0)
        revision.set(Double(state.list?.revision.rawValue ?? 0))
        services.set(Double(state.list?.table.serviceCount ?? 0))
        endpoints.set(Double(state.list?.table.endpointCount ?? 0))
        held.set(Double(state.list?.held.count ?? 0))
        // The largest alone: how many series there are is not for etcd to say.
        let sizes = (state.list?.oversized ?? [:])
            .sorted { ($1.value.keys, $0.key) < ($0.value.keys, $1.key) }
            .prefix(Self.mostOversized)
        oversized.setAll(
            Dictionary(sizes.map { ($0.key.text, Double($0.value.keys)) }) { first, _ in first }
        )
    }
}
