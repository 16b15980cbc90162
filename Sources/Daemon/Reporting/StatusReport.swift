import Configuration
import EndpointFiles
import Etcd
import Files
import FoundationEssentials
import Programs
import Registry

/// The status of the daemon for programs: what `discoveryd status -o json`, the local API and the status file say.
///
/// Documented in discoveryd-formats(5). Times are those of the wall clock in RFC 3339; what does not apply is left
/// out. A version may add members; one that removes a member or gives it a new meaning raises ``schema``.
package struct StatusReport: Codable, Equatable, Sendable {
    /// One instance that this host registers.
    package struct Service: Codable, Equatable, Sendable {
        package var service: String
        /// The instance; absent while the host has no address for it.
        package var id: String?
        /// `pending`, `registered`, `refused`, `withdrawn` or `unhealthy`.
        package var status: String
        package var since: String?
        /// The obstacle, as a sentence.
        package var detail: String?
        /// `passing` or `failing`, where it has checks.
        package var health: String?
        var healthSince: String?
        package var draining: Bool

        enum CodingKeys: String, CodingKey {
            case service, id, status, since, detail, health, draining
            case healthSince = "health_since"
        }
    }

    /// One file.
    package struct Output: Codable, Equatable, Sendable {
        package var path: String
        /// `waiting`, `current`, `kept`, `refused` or `failed`.
        package var status: String
        /// The revision of the list in it.
        package var revision: Int64?
        /// When the file last changed, where this run has written or looked at it.
        var modified: String?
        /// How long before ``StatusReport/time`` that was.
        package var ageSeconds: Int64?
        package var detail: String?
        /// The zones that it prefers, in order; absent where it prefers none.
        package var preferredZones: [String]?
        /// The services whose traffic leaves the first of them now; absent where no zone is preferred.
        package var spilling: [String]?
        /// The state of the running HAProxy towards it, where it is told of changes: `pending`, `current`, `reloading`,
        /// `different` or `unreachable`.
        package var runtime: String?
        /// The detail of that: the reason, servers to be deleted, what was set by hand.
        package var runtimeDetail: String?

        enum CodingKeys: String, CodingKey {
            case path, status, revision, modified, detail, spilling, runtime
            case ageSeconds = "age_seconds"
            case preferredZones = "preferred_zones"
            case runtimeDetail = "runtime_detail"
        }
    }

    /// A service that is beyond `[limits]`, and so is not updated.
    package struct Oversized: Codable, Equatable, Sendable {
        package var service: String
        /// How many keys it has in etcd, and how long they are, values included.
        package var keys: Int
        package var bytes: Int
    }

    /// A drain of a service, or of the whole host.
    package struct Drain: Codable, Equatable, Sendable {
        /// The service; absent for the whole host.
        package var service: String?
        package var since: String
        /// Absent when it lasts until it is ended.
        package var until: String?
    }

    var schema = 2
    /// When this was true.
    var time: String
    /// Of the daemon.
    package var version: String
    /// The commit that the daemon was built from; `nil` of one whose version did not tell.
    package var commit: String?
    /// That of the list: `syncing`, `current`, `stale`, `degraded` or `stopped`.
    package var state: String
    /// Since when.
    package var since: String
    /// The member that serves us.
    package var etcd: String?
    /// Why there is none.
    package var etcdError: String?
    /// That the endpoints are of several clusters.
    package var endpointsError: String?
    /// Why the list cannot be read.
    package var listError: String?
    package var lease: String?
    /// The time to live that is asked for.
    package var ttlSeconds: Int64
    /// That at which the list was read or last changed.
    package var revision: Int64?
    /// When the list was last read whole.
    package var lastSync: String?
    package var serviceCount: Int
    package var endpointCount: Int
    /// Endpoints that are shown although etcd lost them.
    package var heldCount: Int
    /// How many errors the configuration had that was refused last; 0 when the last was applied.
    package var configurationErrors: Int
    /// Which consumers have not loaded the new files, and why.
    package var actionErrors: [String]
    package var services: [Service]
    package var outputs: [Output]
    package var drains: [Drain]
    package var oversized: [Oversized]

    enum CodingKeys: String, CodingKey {
        case schema, time, version, commit, state, since, etcd, lease, revision, services, outputs,
            drains
        case oversized = "oversized_services"
        case etcdError = "etcd_error"
        case endpointsError = "endpoints_error"
        case listError = "list_error"
        case ttlSeconds = "ttl_seconds"
        case lastSync = "last_sync"
        case serviceCount = "service_count"
        case endpointCount = "endpoint_count"
        case heldCount = "held_count"
        case configurationErrors = "reload_faults"
        case actionErrors = "action_errors"
    }

    /// JSON, members by name, a newline at the end.
    package var json: String { PlainReport.json(self) }

    /// Whether the two say the same, apart from how far the list has come and from the words of errors that may change
    /// with each try: the status file is written for a change of state only.
    func isSameState(as other: StatusReport) -> Bool { withoutProgress == other.withoutProgress }

    private var withoutProgress: StatusReport {
        var report = self
        report.time = ""
        report.since = ""
        report.etcdError = nil
        report.listError = nil
        report.revision = nil
        report.lastSync = nil
        report.serviceCount = 0
        report.endpointCount = 0
        report.heldCount = 0
        report.oversized = report.oversized.map {
            Oversized(service: $0.service, keys: 0, bytes: 0)
        }
        report.outputs = report.outputs.map { output in
            Output(
                path: output.path,
                status: output.status,
                preferredZones: output.preferredZones,
                spilling: output.spilling,
                runtime: output.runtime
            )
        }
        return report
    }

    /// The same of a daemon that ends: what is registered now will not be in a moment, and nobody will be here to say
    /// so.
    var atTheEnd: StatusReport {
        var report = self
        report.etcd = nil
        report.etcdError = nil
        report.lease = nil
        report.services = []
        report.drains = []
        return report
    }
}

extension StatusReport {
    /// Describes a state.
    ///
    /// - Parameter now: When it was true.
    init(_ state: DaemonState, at now: Date) {
        time = now.ISO8601Format()
        version = Version.text
        commit = Version.commit
        self.state = state.listState.rawValue
        since = state.since.ISO8601Format()
        etcd = state.etcd?.description
        etcdError = state.etcd == nil ? state.etcdError : nil
        endpointsError = state.endpointsError
        listError = state.listError
        lease = state.lease?.description
        ttlSeconds = state.configuration.lease.ttl.components.seconds
        revision = state.list?.revision.rawValue
        lastSync = state.lastSync?.ISO8601Format()
        serviceCount = state.list?.table.serviceCount ?? 0
        endpointCount = state.list?.table.endpointCount ?? 0
        heldCount = state.list?.held.count ?? 0
        oversized = (state.list?.oversized ?? [:]).sorted { $0.key < $1.key }.map { name, size in
            Oversized(service: name.text, keys: size.keys, bytes: size.bytes)
        }
        configurationErrors = state.configurationErrors
        actionErrors = state.actionFaults.map { "\($0.key): \($0.value.message)" }.sorted()
        services = Self.services(state)
        outputs = Self.outputs(state, at: now)
        drains = state.drains.sorted { $0.key.name < $1.key.name }.map { target, drain in
            Drain(
                service: target.service?.text,
                since: drain.since.ISO8601Format(),
                until: drain.until?.ISO8601Format()
            )
        }
    }

    private static func outputs(_ state: DaemonState, at now: Date) -> [Output] {
        let preferred = state.configuration.outputs.compactMap { output in
            output.zones.map { (output.path, $0.zones) }
        }
        let zones = Dictionary(preferred) { first, _ in first }
        return state.outputs.sorted { $0.key < $1.key }.map { path, status in
            var output = Output(path, status, modified: state.modified[path], now: now)
            output.runtime = state.runtimes[path]?.word
            output.runtimeDetail = state.runtimes[path]?.detail
            guard let preferred = zones[path] else { return output }
            output.preferredZones = preferred
            output.spilling = (state.spilling[path] ?? []).map(\.text)
            return output
        }
    }

    /// The services that wait for an address, the instances that are to be registered, and those that a check keeps
    /// out of the registry.
    private static func services(_ state: DaemonState) -> [Service] {
        func isDraining(_ name: ServiceName) -> Bool {
            state.draining.contains(name) || state.drains[.host] != nil
                || state.drains[.service(name)] != nil
        }
        let waiting = state.withoutAddress.map { name in
            Service(
                service: name.text,
                status: "pending",
                detail: PrimaryAddress.missing,
                draining: isDraining(name)
            )
        }
        let registrations = state.registrations.sorted { $0.key < $1.key }.map { key, one in
            Service(
                service: key.service.text,
                id: key.instance.text,
                status: one.status.word,
                since: one.since.ISO8601Format(),
                // For a moment after its check failed an instance is still in the registry.
                detail: one.status.detail ?? state.health[key]?.trouble,
                health: state.health[key].map { $0.isWell ? "passing" : "failing" },
                healthSince: state.health[key]?.since.ISO8601Format(),
                draining: isDraining(key.service)
            )
        }
        let unhealthy = state.health.filter { state.registrations[$0.key] == nil }
            .sorted { $0.key < $1.key }
            .compactMap { key, health in
                health.trouble.map { trouble in
                    Service(
                        service: key.service.text,
                        id: key.instance.text,
                        status: "unhealthy",
                        detail: trouble,
                        health: "failing",
                        healthSince: health.since.ISO8601Format(),
                        draining: isDraining(key.service)
                    )
                }
            }
        return waiting + registrations + unhealthy
    }
}

extension StatusReport.Output {
    fileprivate init(_ path: String, _ status: OutputStatus, modified time: Date?, now: Date) {
        self.path = path
        self.status = status.word
        if case .current(let held) = status { revision = held.rawValue }
        detail = status.detail
        guard let time else { return }
        modified = time.ISO8601Format()
        ageSeconds = max(0, Int64(now.timeIntervalSince(time)))
    }
}
