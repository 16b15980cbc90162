import Configuration
import EndpointFiles
import Exposition
import Files
import FoundationEssentials

/// The files.
struct OutputMetrics: Sendable {
    private enum Result: String, CaseIterable {
        case written, unchanged, failed, refused
    }

    private let writes: Counter
    private let alterations: Counter
    private let lastWrite: Gauge
    private let stale: Gauge
    private let leftOut: Gauge
    private let spilling: Gauge

    init(in registry: MetricsRegistry) {
        writes = registry.counter(
            "discoveryd_output_writes_total",
            "Writes of a file; of failures each new cause is counted, not each retry.",
            labels: ["output", "result"]
        )
        alterations = registry.counter(
            "discoveryd_output_alterations_total",
            "Times that another program deleted or changed the file.",
            labels: ["output"]
        )
        lastWrite = registry.gauge(
            "discoveryd_output_last_write_timestamp_seconds",
            "Time when this run last wrote the file, or found it up to date.",
            labels: ["output"]
        )
        stale = registry.gauge(
            "discoveryd_output_stale",
            "Whether the file is older than the list in memory.",
            labels: ["output"]
        )
        leftOut = registry.gauge(
            "discoveryd_output_left_out",
            "Endpoints and services skipped because the file's format cannot represent them.",
            labels: ["output"]
        )
        spilling = registry.gauge(
            "discoveryd_output_spilling_services",
            "Services whose traffic leaves the most preferred zone; of outputs with prefer_zone.",
            labels: ["output"]
        )
    }

    func record(_ report: PublishReport) {
        switch report {
        case .written(let path, _, _):
            writes.add(1, path, Result.written.rawValue)
            lastWrite.set(Date().timeIntervalSince1970, path)
        case .unchanged(let path, _):
            writes.add(1, path, Result.unchanged.rawValue)
            lastWrite.set(Date().timeIntervalSince1970, path)
        case .failed(let error, _): writes.add(1, error.path, Result.failed.rawValue)
        case .refused(let path, _): writes.add(1, path, Result.refused.rawValue)
        case .altered(let path): alterations.add(1, path)
        case .kept, .rejected, .rejectedMore, .rejectionEnded, .spillBegan, .spillsMore,
            .spillEnded, .abandoned:
            break
        }
    }

    /// The files that are configured now have series, and no others.
    func update(from state: DaemonState) {
        let paths = Set(state.configuration.outputs.map(\.path))
        writes.keep(paths)
        alterations.keep(paths)
        lastWrite.keep(paths)
        var staleness: [String: Double] = [:]
        var left: [String: Double] = [:]
        for path in paths {
            for result in Result.allCases { writes.create(path, result.rawValue) }
            alterations.create(path)
            staleness[path] = state.outputs[path].map(\.isStale) ?? true ? 1 : 0
            left[path] = Double(state.leftOut[path] ?? 0)
        }
        stale.setAll(staleness)
        leftOut.setAll(left)
        spilling.setAll(
            state.spilling.filter { paths.contains($0.key) }.mapValues { Double($0.count) }
        )
    }
}

extension OutputStatus {
    /// A file that is just being written is as good as current.
    fileprivate var isStale: Bool {
        switch self {
        case .pending, .current: false
        case .waiting, .kept, .failed, .refused: true
        }
    }
}
