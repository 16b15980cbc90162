import Files
public import FoundationEssentials
import Programs
public import Registry
import Texts

/// How the daemon is, for whoever reads its files: the only way to see from a file that a list is
/// old.
public struct StatusDocument: Sendable {
    /// The daemon's view of its list.
    public enum State: String, Hashable, Sendable {
        /// No list has been read yet.
        case syncing
        /// The list follows etcd.
        case current
        /// The list was right, and may be old now.
        case stale
        /// Started without etcd: the files are from an earlier run.
        case degraded
        /// The daemon has stopped: the files stay, and nobody keeps them.
        case stopped
    }

    /// How one service stands.
    public struct Service: Hashable, Sendable {
        /// The service, and the instance's id where it is known.
        public var name: String
        /// How it stands, as one word.
        public var status: String
        /// Why, where there is something to say.
        public var detail: String?

        /// Whether it is registered as wanting no new traffic.
        public var isDraining: Bool

        /// Describes a service.
        public init(
            name: String,
            status: String,
            detail: String? = nil,
            isDraining: Bool = false
        ) {
            self.name = name
            self.status = status
            self.detail = detail
            self.isDraining = isDraining
        }
    }

    /// The daemon's view of its list.
    public var state: State
    /// Since when, by the wall clock.
    public var since: Date
    /// The revision at which the list was read or changed last.
    public var revision: Revision?
    /// When the list was last read whole.
    public var lastSync: Date?
    /// The member that serves us, when there is one.
    public var etcd: String?
    /// The lease, when there is one.
    public var lease: LeaseID?
    /// The services of this host.
    public var services: [Service]
    /// The files, by path.
    public var outputs: [String: OutputStatus]
    /// The failed reloads, with the reason, by the unit or the program.
    public var reloadFaults: [String: String]

    /// The services that are beyond the limits of what is kept, and so are not updated.
    public var oversized: [ServiceName: ServiceSize]

    /// Describes the daemon.
    public init(
        state: State,
        since: Date,
        revision: Revision?,
        lastSync: Date?,
        etcd: String?,
        lease: LeaseID?,
        services: [Service],
        outputs: [String: OutputStatus],
        reloadFaults: [String: String] = [:],
        oversized: [ServiceName: ServiceSize] = [:]
    ) {
        self.state = state
        self.since = since
        self.revision = revision
        self.lastSync = lastSync
        self.etcd = etcd
        self.lease = lease
        self.services = services
        self.outputs = outputs
        self.reloadFaults = reloadFaults
        self.oversized = oversized
    }

    /// Whether the two say the same, apart from how far the list has come: a change of the list
    /// alone is in the lists' own files.
    public func isSameState(as other: StatusDocument) -> Bool {
        state == other.state && etcd == other.etcd && lease == other.lease
            && services == other.services && reloadFaults == other.reloadFaults
            && oversized.keys == other.oversized.keys
            && outputs.mapValues(\.word) == other.outputs.mapValues(\.word)
    }

    /// The file: one JSON object, sorted and indented by line.
    public var bytes: [UInt8] {
        var json = JSONText()
        json.openObject()
        json.name("schema")
        json.number(1)
        json.name("state")
        json.string(state.rawValue)
        json.name("since")
        json.string(since.ISO8601Format())
        json.name("revision")
        if let revision { json.number(revision.rawValue) } else { json.null() }
        json.name("last_sync")
        if let lastSync { json.string(lastSync.ISO8601Format()) } else { json.null() }
        json.name("etcd")
        if let etcd { json.string(etcd) } else { json.null() }
        json.name("lease")
        if let lease { json.string(lease.description) } else { json.null() }
        json.name("services")
        json.openArray()
        for service in services { append(service, to: &json) }
        json.closeArray()
        json.name("outputs")
        json.openArray()
        for (path, status) in outputs.sorted(by: { $0.key < $1.key }) {
            append(path, status, to: &json)
        }
        json.closeArray()
        json.name("oversized_services")
        json.openArray()
        for (name, size) in oversized.sorted(by: { $0.key < $1.key }) {
            json.openObject()
            json.name("service")
            json.string(name.text)
            json.name("keys")
            json.number(size.keys)
            json.name("bytes")
            json.number(size.bytes)
            json.closeObject()
        }
        json.closeArray()
        json.name("reload_faults")
        json.openObject()
        for (action, fault) in reloadFaults.sorted(by: { $0.key < $1.key }) {
            json.name(action)
            json.string(fault)
        }
        json.closeObject()
        json.closeObject()
        json.newline()
        return json.bytes
    }

    private func append(_ service: Service, to json: inout JSONText) {
        json.openObject()
        json.name("service")
        json.string(service.name)
        json.name("status")
        json.string(service.status)
        if service.isDraining {
            json.name("draining")
            json.bool(true)
        }
        if let detail = service.detail {
            json.name("detail")
            json.string(detail)
        }
        json.closeObject()
    }

    private func append(_ path: String, _ status: OutputStatus, to json: inout JSONText) {
        json.openObject()
        json.name("path")
        json.string(path)
        json.name("status")
        json.string(status.word)
        switch status {
        case .current(let revision):
            json.name("revision")
            json.number(revision.rawValue)
        case .failed(let error):
            json.name("detail")
            json.string(error.message)
        case .refused(let fault):
            json.name("detail")
            json.string(fault.message)
        case .kept(let reason):
            json.name("detail")
            json.string(reason.description)
        case .waiting, .pending: break
        }
        json.closeObject()
    }
}

extension OutputStatus {
    /// The status as one word. A file that is just being written is as good as current.
    public var word: String {
        switch self {
        case .waiting: "waiting"
        case .pending, .current: "current"
        case .kept: "kept"
        case .failed: "failed"
        case .refused: "refused"
        }
    }
}
