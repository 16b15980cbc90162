import FoundationEssentials
import Mustache
import Registry
import Texts

/// The values of the page `/`, as its template names them.
struct OverviewView {
    let report: StatusReport
    let list: TableUpdate?
    /// The oldest first.
    let events: [EventHistory.Entry]
    let query: String
    let now: Date

    var members: [String: MustacheValue] {
        let (rows, count) = endpoints
        return [
            "time": .string(report.time),
            "version": .string(report.version),
            "state": .string(report.state),
            "state_class": .string(Self.classOfState(report.state)),
            "since": .string(report.since),
            "etcd": Self.text(report.etcd ?? "none: \(report.etcdError ?? "not connected yet")"),
            "lease": .string(report.lease.map { "\($0), ttl \(report.ttlSeconds) s" } ?? "none"),
            "list": .string(listText),
            "last_sync": .string(report.lastSync ?? "never"),
            "has_troubles": .bool(!troubles.isEmpty),
            "troubles": .list(troubles.map(Self.text)),
            "has_services": .bool(!report.services.isEmpty),
            "services": .list(report.services.map(Self.row)),
            "has_outputs": .bool(!report.outputs.isEmpty),
            "outputs": .list(report.outputs.map(Self.row)),
            "query": Self.text(query),
            "count": .string(count),
            "endpoints": .list(rows),
            "events": .list(events.reversed().map(Self.row)),
        ]
    }

    private var listText: String {
        guard let revision = report.revision else { return "none yet" }
        return
            "\(report.serviceCount) services, \(report.endpointCount) endpoints at revision \(revision)"
    }

    /// The troubles that an administrator should know first, one sentence each.
    private var troubles: [String] {
        var troubles: [String] = []
        switch report.state {
        case "stale": troubles.append("The list may be stale since \(report.since).")
        case "degraded": troubles.append("The list is from an earlier run, since \(report.since).")
        default: break
        }
        if report.etcd == nil {
            troubles.append("No connection to etcd: \(report.etcdError ?? "not connected yet").")
        }
        if let error = report.endpointsError { troubles.append(error) }
        if let error = report.listError { troubles.append("The list cannot be read: \(error)") }
        if report.heldCount > 0 {
            troubles.append(
                "\(report.heldCount) endpoints are shown although etcd has lost them; see 'hold'."
            )
        }
        if report.configurationErrors > 0 {
            troubles.append(
                "The configuration on disk has \(report.configurationErrors) errors; the old one is in force."
            )
        }
        troubles += report.oversized.map {
            "\($0.service) exceeds [limits] with \($0.keys) keys, \($0.bytes) bytes, and is not updated."
        }
        troubles += report.actionErrors.map { "A reload failed: \($0)" }
        troubles += report.drains.map {
            let end = $0.until.map { "until \($0)" } ?? "until 'discoveryd undrain'"
            return "\($0.service ?? "The whole host") drains \(end)."
        }
        return troubles
    }

    private static func classOfState(_ state: String) -> String {
        switch state {
        case "current": "good"
        case "stale", "degraded": "bad"
        default: "warn"
        }
    }

    // MARK: rows

    private static func row(_ service: StatusReport.Service) -> MustacheValue {
        let classes = ["registered": "good", "pending": "warn", "withdrawn": "warn"]
        return object([
            "service": service.service,
            "id": service.id ?? "",
            "status": service.status + (service.draining ? ", draining" : ""),
            "class": service.draining ? "warn" : classes[service.status] ?? "bad",
            "since": service.since ?? "",
            "health": service.health ?? "none",
            "health_class": service.health.map { $0 == "passing" ? "good" : "bad" } ?? "",
            "detail": service.detail ?? "",
        ])
    }

    private static func row(_ output: StatusReport.Output) -> MustacheValue {
        let classes = ["current": "good", "waiting": "warn", "kept": "warn"]
        var details = [output.detail].compactMap { $0 }
        if let runtime = output.runtime {
            details.append(
                "HAProxy \(runtime)" + (output.runtimeDetail.map { ": \($0)" } ?? "")
            )
        }
        if let spilling = output.spilling, !spilling.isEmpty {
            details.append("traffic leaves the preferred zone: \(spilling.joined(separator: ", "))")
        }
        return object([
            "path": output.path,
            "status": output.status,
            "class": classes[output.status] ?? "bad",
            "revision": output.revision.map { "\($0)" } ?? "",
            "age": output.ageSeconds.map { DurationText(.seconds($0)).description } ?? "",
            "detail": details.joined(separator: "; "),
        ])
    }

    private static func row(_ entry: EventHistory.Entry) -> MustacheValue {
        let event = EventReport.Event(entry)
        return object([
            "time": event.time,
            "about": event.subjectText,
            "event": event.event.split(separator: "_").joined(separator: " "),
            "detail": event.detail ?? "",
            "revision": event.revision.map { "\($0)" } ?? "",
        ])
    }

    /// A text that somebody else may have written, with what is no text in it made visible: HTML has no way to say NUL,
    /// and some characters turn the direction of all that follows.
    private static func text(_ text: String) -> MustacheValue { .string(OneLine.escaped(text)) }

    private static func object(_ members: [String: String]) -> MustacheValue {
        .object(MustacheMembers(members.mapValues(text)))
    }

    // MARK: endpoints

    /// The rows of the endpoints that match, as many as are shown, and a sentence on how many there are.
    private var endpoints: (rows: [MustacheValue], count: String) {
        guard let list else { return ([], "There is no list yet.") }
        let filter = EndpointSearch(query)
        var rows: [MustacheValue] = []
        var matching = 0
        for service in list.table.services {
            for chunk in service.chunks {
                for endpoint in chunk.endpoints where filter.finds(endpoint) {
                    matching += 1
                    if rows.count < OverviewPage.mostEndpoints { rows.append(Self.row(endpoint)) }
                }
            }
        }
        return (rows, Self.count(matching, of: list.table.endpointCount, shown: rows.count))
    }

    private static func count(_ matching: Int, of all: Int, shown: Int) -> String {
        var text = matching == all ? "\(all) endpoints" : "\(matching) of \(all) endpoints match"
        if shown < matching { text += "; the first \(shown) are here, filter for the others" }
        return text + "."
    }

    private static func row(_ endpoint: Endpoint) -> MustacheValue {
        let instance = endpoint.instance
        return object([
            "service": instance.key.service.text,
            "id": instance.key.instance.text,
            "addr": instance.address.joined(port: instance.port),
            "state": endpoint.state.rawValue,
            "class": endpoint.state == .up ? "good" : "warn",
            "weight": "\(instance.weight)",
            "zone": instance.zone ?? "",
            "tags": instance.tags.joined(separator: ", "),
            "revision": "\(endpoint.modRevision)",
        ])
    }
}
