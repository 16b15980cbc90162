import Daemon
import FoundationEssentials

/// Prints the status of the daemon as a table for people.
struct StatusText {
    let report: StatusReport
    /// By the wall clock, for the ages.
    let now: Date

    /// Some lines on the daemon, then its services, then its files.
    var text: String {
        var parts = [Columns.text(head)]
        if !report.services.isEmpty {
            let titles = ["SERVICE", "ID", "STATUS", "SINCE", "HEALTH", "DETAIL"]
            parts.append(Columns.text([titles] + report.services.map(row)))
        }
        if !report.outputs.isEmpty {
            let titles = ["OUTPUT", "STATUS", "REVISION", "AGE", "DETAIL"]
            parts.append(Columns.text([titles] + report.outputs.map(row)))
        }
        return Terminal.visible(parts.joined(separator: "\n"))
    }

    private var head: [[String]] {
        var rows = [
            ["discoveryd", "\(report.version), \(report.state) for \(age(since: report.since))"],
            ["etcd", report.etcd ?? "none: \(report.etcdError ?? "not connected yet")"],
            ["lease", report.lease.map { "\($0), ttl \(report.ttlSeconds) s" } ?? "none"],
            ["list", list],
        ]
        if let error = report.endpointsError { rows.append(["endpoints", error]) }
        if let error = report.listError { rows.append(["list error", error]) }
        for drain in report.drains {
            let end = drain.until.map { "until \($0)" } ?? "until 'discoveryd undrain'"
            rows.append(["draining", "\(drain.service ?? "the whole host"), \(end)"])
        }
        if report.configurationErrors > 0 {
            rows.append(
                [
                    "reload",
                    "failed with \(report.configurationErrors) errors, the old configuration stays in force",
                ]
            )
        }
        rows += report.oversized.map {
            [
                "not updated",
                "\($0.service) exceeds [limits] with \($0.keys) keys, \($0.bytes) bytes",
            ]
        }
        rows += report.actionErrors.map { ["reload failed", $0] }
        return rows
    }

    private var list: String {
        guard let revision = report.revision else { return "none yet" }
        var text =
            "\(report.serviceCount) services, \(report.endpointCount) endpoints at revision "
            + "\(revision)"
        if let sync = report.lastSync { text += ", last full read \(age(since: sync)) ago" }
        if report.heldCount > 0 { text += ", \(report.heldCount) held although missing in etcd" }
        return text
    }

    private func row(_ service: StatusReport.Service) -> [String] {
        [
            service.service, service.id ?? "-",
            service.status + (service.draining ? ", draining" : ""),
            service.since.map { age(since: $0) } ?? "-", service.health ?? "-",
            service.detail ?? "",
        ]
    }

    private func row(_ output: StatusReport.Output) -> [String] {
        [
            output.path, output.status, output.revision.map { "\($0)" } ?? "-",
            output.ageSeconds.map { Self.age($0) } ?? "-", detail(output),
        ]
    }

    private func detail(_ output: StatusReport.Output) -> String {
        let runtime = output.runtime.map { status in
            "HAProxy \(status)" + (output.runtimeDetail.map { ": \($0)" } ?? "")
        }
        return [output.detail, runtime, zones(output)].compactMap { $0 }.joined(separator: "; ")
    }

    /// `prefers zone a, then b; spilling: web, db and 12 more`: as many names as fit into a line.
    private func zones(_ output: StatusReport.Output) -> String? {
        guard let zones = output.preferredZones else { return nil }
        let preferred = "prefers zone \(zones.joined(separator: ", then "))"
        let spilling = output.spilling ?? []
        guard !spilling.isEmpty else { return preferred }
        let rest = spilling.count - Self.namedSpills
        let more = rest > 0 ? " and \(rest) more" : ""
        let names = spilling.prefix(Self.namedSpills).joined(separator: ", ")
        return "\(preferred); spilling: \(names)\(more)"
    }

    private static let namedSpills = 5

    private func age(since text: String) -> String {
        // A daemon of another version may write it otherwise: shown as it is then.
        guard let date = try? Date(text, strategy: .iso8601) else { return text }
        return Self.age(Int64(max(0, now.timeIntervalSince(date))))
    }

    /// `42s`, `5m`, `3h`, `2d`: as much as people want to know.
    static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(seconds)s"
        case ..<7200: "\(seconds / 60)m"
        case ..<172_800: "\(seconds / 3600)h"
        default: "\(seconds / 86400)d"
        }
    }
}
