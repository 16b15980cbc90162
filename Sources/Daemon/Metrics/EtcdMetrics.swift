import Etcd
import EtcdRegistry
import Exposition
import Registry

/// The connection to etcd, and what is asked over it.
struct EtcdMetrics: Sendable {
    private static let codes = ["ok"] + StoreError.Code.allCounted.map(\.word)

    private let up: Gauge
    private let connections: Counter
    private let losses: Counter
    private let failures: Counter
    private let requests: Counter
    private let durations: Histogram

    init(in registry: MetricsRegistry) {
        up = registry.gauge(
            "discoveryd_etcd_up",
            "Whether there is a connection to an etcd member."
        )
        connections = registry.counter(
            "discoveryd_etcd_connections_total",
            "Connections made to an etcd member."
        )
        losses = registry.counter(
            "discoveryd_etcd_connection_losses_total",
            "Connections to etcd that were lost."
        )
        failures = registry.counter(
            "discoveryd_etcd_connection_failures_total",
            "Attempts to connect that failed."
        )
        requests = registry.counter(
            "discoveryd_etcd_requests_total",
            "Requests completed, and streams (keep_alive, watch) broken, by outcome.",
            labels: ["method", "code"]
        )
        durations = registry.histogram(
            "discoveryd_etcd_request_duration_seconds",
            "Duration of requests, including the wait for a turn after an outage of etcd.",
            bounds: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 10],
            labels: ["method"]
        )
        for request in EtcdRegistryStore.Request.allCases {
            for code in Self.codes { requests.create(request.rawValue, code) }
            if !request.isStream { durations.create(request.rawValue) }
        }
    }

    func record(_ event: ConnectionEvent) {
        switch event {
        case .connected: connections.add()
        case .lost: losses.add()
        case .attemptFailed: failures.add()
        case .filesNeedCare, .allFailed: break
        }
    }

    func ended(_ request: EtcdRegistryStore.Request, after time: Duration, with error: StoreError?)
    {
        requests.add(1, request.rawValue, error?.code.word ?? "ok")
        if !request.isStream { durations.observe(time, request.rawValue) }
    }

    func update(from state: DaemonState) { up.set(state.etcd != nil) }
}

extension StoreError.Code {
    /// All there are, for series that stand at zero from the start.
    fileprivate static let allCounted: [Self] = [
        .unavailable, .leaseNotFound, .compacted, .refused, .cancelled, .other,
    ]

    /// The code as a label.
    fileprivate var word: String {
        switch self {
        case .unavailable: "unavailable"
        case .leaseNotFound: "lease_not_found"
        case .compacted: "compacted"
        case .refused: "refused"
        case .cancelled: "cancelled"
        case .other: "other"
        }
    }
}
