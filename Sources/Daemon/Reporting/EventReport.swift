import FoundationEssentials
import Registry

/// The last events for programs: what `discoveryd events -o json` and `GET /v1/events` say. Documented in
/// discoveryd-formats(5); a version may add members, subjects and events.
package struct EventReport: Codable, Equatable, Sendable {
    /// One event.
    package struct Event: Codable, Equatable, Sendable {
        /// The place in the order of events; the first of a run is 1.
        package var number: Int
        /// By the wall clock in RFC 3339, with milliseconds.
        package var time: String
        /// `instance`, `endpoint`, `output`, `consumer`, `drain`, `lease`, `list`, `connection`, `configuration` or
        /// `daemon`.
        package var subject: String
        /// The service of an instance, an endpoint or a drain.
        package var service: String?
        package var id: String?
        /// The path of an output, or what a consumer is reloaded with.
        package var name: String?
        /// One word: `registered`, `vanished`, `check_failed`.
        package var event: String
        /// More about it, for people.
        package var detail: String?
        /// Of etcd.
        package var revision: Int64?

        /// The service, the instance or the thing that it is about, as people name it.
        package var subjectText: String {
            switch (service, id, name) {
            case (let service?, let id?, _): "\(service)/\(id)"
            case (let service?, nil, _): "\(subject) of \(service)"
            case (nil, _, let name?): name
            default: subject == "drain" ? "drain of this host" : subject
            }
        }
    }

    var schema = 1
    /// The run that the numbers are of: another one counts from 1 again.
    package var run: String
    /// The number of the last event, whether it is shown or not.
    package var last: Int
    package var events: [Event]

    /// JSON, members by name, a newline at the end.
    var json: String { PlainReport.json(self) }
}

extension EventReport {
    init(_ entries: [EventHistory.Entry], last: Int, run: String) {
        self.run = run
        self.last = last
        events = entries.map(Event.init)
    }
}

extension EventReport.Event {
    init(_ entry: EventHistory.Entry) {
        number = entry.number
        time = entry.time.formatted(Self.milliseconds)
        event = entry.note.kind
        detail = entry.note.detail.isEmpty ? nil : entry.note.detail
        revision = entry.note.revision?.rawValue
        switch entry.note.subject {
        case .instance(let key):
            (subject, service, id) = ("instance", key.service.text, key.instance.text)
        case .endpoint(let key):
            (subject, service, id) = ("endpoint", key.service.text, key.instance.text)
        case .output(let path): (subject, name) = ("output", path)
        case .consumer(let action): (subject, name) = ("consumer", action)
        case .drain(let target): (subject, service) = ("drain", target.service?.text)
        case .lease: subject = "lease"
        case .list: subject = "list"
        case .connection: subject = "connection"
        case .configuration: subject = "configuration"
        case .daemon: subject = "daemon"
        }
    }

    private static let milliseconds = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
