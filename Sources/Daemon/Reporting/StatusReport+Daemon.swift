import Configuration
import EndpointFiles
import Etcd
import Files
import FoundationEssentials
import Programs
import Registry

extension StatusReport {
    /// Describes a state.
    ///
    /// - Parameter now: When it was true.
    init(_ state: DaemonState, at now: Date) {
        time = now.ISO8601Format()
        version = Version.text
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
        reloadFaults = state.configurationErrors
        actionErrors = state.reloadFaults.map { "\($0.key): \($0.value.message)" }.sorted()
        services = Self.services(state)
        outputs = state.outputs.sorted { $0.key < $1.key }.map { path, status in
            Output(path, status, modified: state.modified[path], now: now)
        }
        drains = state.drains.sorted { $0.key.name < $1.key.name }.map { target, drain in
            Drain(
                service: target.service?.text,
                since: drain.since.ISO8601Format(),
                until: drain.until?.ISO8601Format()
            )
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
