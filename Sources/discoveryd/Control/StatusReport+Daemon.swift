import Configuration
import EndpointFiles
import Etcd
import Files
import FoundationEssentials
import Programs
import Registry

extension StatusReport {
    /// What the daemon knows of itself.
    ///
    /// - Parameters:
    ///   - since: Since when each registration stands as it does.
    ///   - modified: When each file last changed, since 1970, where its disk says so.
    init(
        facts: StatusBoard.Facts,
        configuration: Configuration,
        registrations: [ServiceKey: RegistrationStatus],
        since: [ServiceKey: Date],
        lease: LeaseID?,
        outputs: [String: OutputStatus],
        modified: [String: Duration],
        drains: [DrainMachine.Target: DrainMachine.Drain],
        actionFaults: [ReloadAction: ReloadFault]
    ) {
        version = Version.text
        state = facts.state.rawValue
        self.since = facts.since.ISO8601Format()
        etcd = facts.etcd?.description
        etcdError = facts.etcd == nil ? facts.etcdTrouble : nil
        endpointsError = facts.endpointsTrouble
        listError = facts.listTrouble
        self.lease = lease?.description
        ttlSeconds = configuration.lease.ttl.components.seconds
        revision = facts.list?.revision.rawValue
        lastSync = facts.lastSync?.ISO8601Format()
        serviceCount = facts.list?.table.serviceCount ?? 0
        endpointCount = facts.list?.table.endpointCount ?? 0
        heldCount = facts.list?.held.count ?? 0
        oversized = (facts.list?.oversized ?? [:]).sorted { $0.key < $1.key }.map { name, size in
            Oversized(service: name.text, keys: size.keys, bytes: size.bytes)
        }
        reloadFaults = facts.reloadFaults
        actionErrors = actionFaults.map { "\($0.key): \($0.value.message)" }.sorted()
        services = facts.withoutAddress.map { name in
            Service(
                service: name.text,
                status: "pending",
                detail: PrimaryAddress.missing,
                draining: drains[.host] != nil || drains[.service(name)] != nil
            )
        }
        services += registrations.sorted { $0.key < $1.key }.map { key, status in
            Service(
                service: key.service.text,
                id: key.instance.text,
                status: status.word,
                since: since[key]?.ISO8601Format(),
                detail: status.detail,
                draining: drains[.host] != nil || drains[.service(key.service)] != nil
            )
        }
        services += facts.unwell.sorted { $0.key < $1.key }.map { key, why in
            Service(
                service: key.service.text,
                id: key.instance.text,
                status: "unhealthy",
                detail: why,
                draining: drains[.host] != nil || drains[.service(key.service)] != nil
            )
        }
        for (key, health) in facts.health {
            let index = services.firstIndex { [name = key.service.text, id = key.instance.text] in
                $0.service == name && $0.id == id
            }
            guard let index else { continue }
            services[index].health = health.isWell ? "passing" : "failing"
            services[index].healthSince = health.since.ISO8601Format()
        }
        self.outputs = outputs.sorted { $0.key < $1.key }.map { path, status in
            Output(path, status, modified: modified[path])
        }
        self.drains = drains.sorted { $0.key.name < $1.key.name }.map { target, drain in
            Drain(
                service: target.service?.text,
                since: drain.since.ISO8601Format(),
                until: drain.until?.ISO8601Format()
            )
        }
    }
}

extension StatusReport.Output {
    fileprivate init(_ path: String, _ status: OutputStatus, modified time: Duration?) {
        self.path = path
        self.status = status.word
        switch status {
        case .current(let held): revision = held.rawValue
        case .failed(let error): detail = error.message
        case .refused(let fault): detail = fault.message
        case .kept(let reason): detail = reason.description
        case .waiting, .pending: break
        }
        guard let time else { return }
        let written = Date(timeIntervalSince1970: TimeInterval(time.components.seconds))
        modified = written.ISO8601Format()
        ageSeconds = max(0, Int64(Date().timeIntervalSince(written)))
    }
}
