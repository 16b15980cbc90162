import Configuration
import EndpointFiles
import FoundationEssentials
import Registry
import Texts

/// All that this host knows of a service, or of one instance: what `discoveryd explain -o json` and `GET /v1/explain`
/// say. Documented in discoveryd-formats(5); a version may add members.
package struct ExplainReport: Codable, Equatable, Sendable {
    /// One instance that is in the list, or that this host registers.
    package struct Instance: Codable, Equatable, Sendable {
        package var id: String
        /// `ADDRESS:PORT`; absent, as all that follows up to ``held``, when it is not in the list.
        package var addr: String?
        package var weight: Int?
        package var zone: String?
        package var state: String?
        /// The host that wrote its record.
        package var owner: String?
        /// Absent for a key that has none.
        package var lease: String?
        package var createRevision: Int64?
        package var modRevision: Int64?
        package var version: Int64?
        /// Whether it is shown although etcd has lost it.
        package var held: Bool
        /// What stands of it in this host's status, where this host registers it.
        package var registration: StatusReport.Service?
        package var outputs: [Output]

        enum CodingKeys: String, CodingKey {
            case id, addr, weight, zone, state, owner, lease, version, held, registration, outputs
            case createRevision = "create_revision"
            case modRevision = "mod_revision"
        }
    }

    /// Whether a file shows an instance.
    package struct Output: Codable, Equatable, Sendable {
        package var path: String
        package var shown: Bool
        /// Whether it stands there for when too few are left in the preferred zone.
        package var backup: Bool
        /// Why not, as the end of a sentence that starts with the instance.
        package var reason: String?
    }

    var schema = 1
    /// When this was true.
    var time: String
    package var service: String
    package var id: String?
    /// That of the list, as in the status: how far it can be believed.
    package var state: String
    /// That at which the list was read or last changed.
    package var revision: Int64?
    /// How many instances there are; so many of them are told.
    package var instanceCount: Int
    package var instances: [Instance]
    package var events: [EventReport.Event]

    enum CodingKeys: String, CodingKey {
        case schema, time, service, id, state, revision, instances, events
        case instanceCount = "instance_count"
    }

    /// JSON, members by name, a newline at the end.
    var json: String { PlainReport.json(self) }
}

extension ExplainReport {
    /// How many instances of a service are told.
    static let mostInstances = 100

    /// Explains a service, or one instance of it.
    ///
    /// - Parameters:
    ///   - now: When the state was true.
    ///   - history: Where the events are.
    /// - Returns: `nil` when nothing is known of it.
    init?(
        _ service: ServiceName,
        _ instance: InstanceID?,
        in state: DaemonState,
        at now: Date,
        history: EventHistory
    ) {
        let own = StatusReport(state, at: now).services.filter {
            $0.service == service.text && (instance == nil || $0.id == instance?.text)
        }
        let events = history.snapshot(.service(service, instance, isOwn: !own.isEmpty))
        let known = Self.known(service, instance, own, in: state)
        guard !known.isEmpty || !own.isEmpty || !events.isEmpty else { return nil }
        time = now.ISO8601Format()
        self.service = service.text
        id = instance?.text
        self.state = state.listState.rawValue
        revision = state.list?.revision.rawValue
        instanceCount = known.count
        let registrations = Dictionary(own.map { ($0.id, $0) }) { first, _ in first }
        let told = known.prefix(Self.mostInstances)
        let outputs = Self.outputs(of: told, service, in: state)
        instances = told.map { instance in
            let key = ServiceKey(service: service, instance: instance)
            var one = Instance(key, in: state, registrations[instance.text])
            one.outputs = outputs[instance] ?? []
            return one
        }
        self.events = events.map(EventReport.Event.init)
    }

    /// Whether each output shows these instances, of those that are in the list or held.
    private static func outputs(
        of instances: some Sequence<InstanceID>,
        _ service: ServiceName,
        in state: DaemonState
    ) -> [InstanceID: [Output]] {
        guard var list = state.list else { return [:] }
        for (key, lost) in list.held where key.service == service {
            list.table.insert(lost.endpoint)
        }
        let endpoints = instances.compactMap {
            list.table[ServiceKey(service: service, instance: $0)]
        }
        var outputs: [InstanceID: [Output]] = [:]
        for output in state.configuration.outputs {
            let placements = EndpointOutput(output).placements(
                of: endpoints,
                in: list.table.named(service),
                of: list,
                prefix: state.configuration.etcd.prefix
            )
            for (endpoint, placement) in zip(endpoints, placements) {
                outputs[endpoint.instance.key.instance, default: []].append(
                    Output(output.path, placement)
                )
            }
        }
        return outputs
    }

    /// The instances of the list, the held ones and this host's own.
    private static func known(
        _ service: ServiceName,
        _ instance: InstanceID?,
        _ own: [StatusReport.Service],
        in state: DaemonState
    ) -> [InstanceID] {
        let listed = state.list?.table.endpoints(of: service).map(\.instance.key.instance) ?? []
        let held = (state.list?.held ?? [:]).keys.filter { $0.service == service }.map(\.instance)
        let all = Set(listed + held + own.compactMap { $0.id.flatMap { InstanceID(read: $0) } })
        return all.filter { instance == nil || $0 == instance }.sorted()
    }
}

extension ExplainReport.Instance {
    fileprivate init(
        _ key: ServiceKey,
        in state: DaemonState,
        _ registration: StatusReport.Service?
    ) {
        id = key.instance.text
        self.registration = registration
        let lost = state.list?.held[key]
        held = lost != nil
        outputs = []
        guard let endpoint = state.list?.table[key] ?? lost?.endpoint else { return }
        addr = endpoint.instance.address.joined(port: endpoint.instance.port)
        weight = Int(endpoint.instance.weight)
        zone = endpoint.instance.zone
        self.state = endpoint.state.rawValue
        owner = endpoint.owner?.text
        lease = endpoint.lease == .none ? nil : endpoint.lease.description
        createRevision = endpoint.createRevision.rawValue
        modRevision = endpoint.modRevision.rawValue
        version = endpoint.version
    }
}

extension ExplainReport.Output {
    fileprivate init(_ path: String, _ placement: Placement) {
        self.path = path
        shown = placement.isShown
        backup = placement == .backup
        reason = placement.reason
    }
}
