import Exposition
import FoundationEssentials

/// The process: its version, whether it is ready, what it takes of the host.
struct ProcessMetrics: Sendable {
    private let ready: Gauge
    private let cpu: Counter
    private let resident: Gauge
    private let openFiles: Gauge
    private let mostFiles: Gauge

    init(in registry: MetricsRegistry) {
        let build = registry.gauge(
            "discoveryd_build_info",
            "1, with the version, the commit it was built from, and the compiler it was built with.",
            labels: ["version", "commit", "swift"]
        )
        build.set(1, Version.text, Version.commit, Version.compiler)
        ready = registry.gauge("discoveryd_ready", "Whether /readyz answers 200.")
        let start = registry.gauge(
            "process_start_time_seconds",
            "Start time of the process."
        )
        start.set(Date().timeIntervalSince1970)
        cpu = registry.counter("process_cpu_seconds_total", "User and system time in seconds.")
        resident = registry.gauge("process_resident_memory_bytes", "Resident memory in bytes.")
        openFiles = registry.gauge("process_open_fds", "Open file descriptors.")
        mostFiles = registry.gauge("process_max_fds", "Limit of open file descriptors.")
    }

    func update(from state: DaemonState) {
        ready.set(ReadyzPage(state: state).troubles.isEmpty)
    }

    func update(from process: ProcessFacts) {
        cpu.reach(process.cpu / .seconds(1))
        if let bytes = process.residentBytes { resident.set(Double(bytes)) }
        if let count = process.openFiles { openFiles.set(Double(count)) }
        if let limit = process.mostFiles { mostFiles.set(Double(limit)) }
    }
}
