import Configuration
import EndpointFiles
import Exposition

/// Counts what running HAProxies are told of changes to their files.
struct RuntimeMetrics: Sendable {
    private enum Result: String, CaseIterable {
        case applied, reload
    }

    private let changes: Counter
    private let commands: Counter
    private let differing: Gauge

    init(in registry: MetricsRegistry) {
        changes = registry.counter(
            "discoveryd_haproxy_changes_total",
            "Changes of a file that the running HAProxy was told, or that needed a reload.",
            labels: ["output", "result"]
        )
        commands = registry.counter(
            "discoveryd_haproxy_commands_total",
            "Commands that the running HAProxy was sent to change its servers.",
            labels: ["output"]
        )
        differing = registry.gauge(
            "discoveryd_haproxy_differs",
            "Whether the running HAProxy cannot be asked, or differs from the file.",
            labels: ["output"]
        )
    }

    func record(_ report: RuntimeReport) {
        switch report {
        case .applied(let path, let count):
            changes.add(1, path, Result.applied.rawValue)
            commands.add(count, path)
        case .reloadNeeded(let path, _): changes.add(1, path, Result.reload.rawValue)
        case .deleted, .processChanged, .unreachable, .reachable, .different, .reloadRefused,
            .setByHand:
            break
        }
    }

    /// Gives series to what is configured now, and to nothing else.
    func update(from state: DaemonState) {
        let paths = Set(state.configuration.runtimeOutputs.map(\.path))
        changes.keep(paths)
        commands.keep(paths)
        for path in paths {
            commands.create(path)
            for result in Result.allCases { changes.create(path, result.rawValue) }
        }
        differing.setAll(
            Dictionary(
                paths.map { path in
                    switch state.runtimes[path] {
                    case .unreachable, .different: (path, 1)
                    case .pending, .current, .applying, .reloading, nil: (path, 0)
                    }
                }
            ) { first, _ in first }
        )
    }
}
