import EndpointFiles
import Etcd
import Files
import FoundationEssentials
import Registry
import Texts

/// `STATUS=`: how the daemon is, in one line for `systemctl status`.
struct StatusLine {
    var facts: StatusBoard.Facts
    var registrations: [ServiceKey: RegistrationStatus]
    var lease: LeaseID?
    var outputs: [String: OutputStatus]
    var reloadFaults: [ReloadAction: ReloadFault] = [:]
    var drains = Drains()

    /// `web registered, lease 694d…, 3 services, 41 endpoints at revision 81234, etcd …`, with what
    /// is wrong in front.
    var text: String {
        var parts = troubles
        parts += services
        if let lease { parts.append("lease \(lease)") }
        if let list = facts.list {
            let services = list.table.serviceCount
            let endpoints = list.table.endpointCount
            parts.append(
                "\(services) service\(services == 1 ? "" : "s"), \(endpoints) endpoint"
                    + "\(endpoints == 1 ? "" : "s") at revision \(list.revision)"
            )
        }
        if let etcd = facts.etcd { parts.append("etcd \(etcd.host.joined(port: etcd.port))") }
        return parts.joined(separator: ", ")
    }

    private var troubles: [String] {
        var parts: [String] = []
        switch facts.state {
        case .current: break
        case .syncing: parts.append("waiting for etcd")
        case .stale: parts.append("endpoint list may be stale")
        case .stopped: parts.append("stopping")
        case .degraded:
            if outputs.isEmpty {
                parts.append("degraded: waiting for etcd")
            } else if facts.lacksFiles, !facts.isListOfEarlierRun {
                parts.append("degraded: no files yet, waiting for etcd")
            } else if facts.isListOfEarlierRun, let since = facts.lastSync {
                parts.append(
                    "degraded: serving the endpoint list of an earlier run, as of \(since.ISO8601Format())"
                )
            } else {
                parts.append("degraded: serving the files of an earlier run")
            }
        }
        if let held = facts.list?.held.count, held > 0 {
            parts.append("\(held) endpoint\(held == 1 ? "" : "s") held although missing in etcd")
        }
        for (name, size) in (facts.list?.oversized ?? [:]).sorted(by: { $0.key < $1.key }) {
            parts.append(
                "\(name) exceeds [limits]; its endpoints are not updated: \(size.keys) keys"
            )
        }
        if facts.etcd == nil {
            if let trouble = facts.etcdTrouble { parts.append("etcd: \(trouble)") }
        } else if let trouble = facts.listTrouble {
            parts.append("could not read the endpoint list: \(trouble)")
        }
        if let trouble = facts.endpointsTrouble { parts.append(trouble) }
        for (path, status) in outputs.sorted(by: { $0.key < $1.key }) {
            switch status {
            case .failed(let error): parts.append("\(path): \(error.message)")
            case .refused(let fault): parts.append("\(path) not updated: \(fault)")
            case .kept(.fromEarlierRun): break
            case .kept(let reason): parts.append("\(path) not updated: \(reason)")
            case .waiting, .pending, .current: break
            }
        }
        for (action, fault) in reloadFaults.sorted(by: { $0.key.description < $1.key.description })
        {
            parts.append("\(action) still uses the old file: \(fault)")
        }
        if facts.reloadFaults > 0 {
            parts.append(
                "configuration reload failed with \(facts.reloadFaults) "
                    + "error\(facts.reloadFaults == 1 ? "" : "s"), the old configuration stays in force"
            )
        }
        return parts
    }

    private var services: [String] {
        let waiting = facts.withoutAddress.map { "\($0) \(PrimaryAddress.missing)" }
        // Many services are counted; those in trouble are always named.
        let registered = registrations.filter {
            if case .registered = $0.value { true } else { false }
        }
        var parts: [String] = []
        if registered.count > 3 {
            let draining = registered.count { drains.contains($0.key.service) }
            parts.append("\(registered.count) of \(registrations.count) registered")
            if draining > 0 { parts.append("\(draining) of them draining") }
        } else {
            parts += registered.keys.sorted().map { key in
                "\(key.service) \(drains.contains(key.service) ? "draining" : "registered")"
            }
        }
        for (key, status) in registrations.sorted(by: { $0.key < $1.key }) {
            switch status {
            case .registered: break
            case .pending(nil): parts.append("\(key.service) not registered yet")
            case .pending(let reason?): parts.append("\(key.service) not registered: \(reason)")
            case .refused(let refusal): parts.append("\(key) refused: \(refusal)")
            case .withdrawn: parts.append("\(key.service) deregistered")
            }
        }
        for (key, why) in facts.unwell.sorted(by: { $0.key < $1.key }) {
            parts.append("\(key.service) not registered: \(why)")
        }
        return waiting + parts
    }
}

extension StatusDocument {
    /// The same for programs.
    init(_ line: StatusLine) {
        guard line.facts.state != .stopped else {
            // What is registered now will not be in a moment, and nobody will be here to say so.
            self.init(
                state: .stopped,
                since: line.facts.since,
                revision: line.facts.list?.revision,
                lastSync: line.facts.lastSync,
                etcd: nil,
                lease: nil,
                services: [],
                outputs: line.outputs
            )
            return
        }
        let services = line.registrations.sorted { $0.key < $1.key }.map { key, status in
            switch status {
            case .pending(let reason):
                Service(name: key.description, status: "pending", detail: reason)
            case .registered:
                Service(
                    name: key.description,
                    status: "registered",
                    isDraining: line.drains.contains(key.service)
                )
            case .refused(let refusal):
                Service(name: key.description, status: "refused", detail: refusal.description)
            case .withdrawn: Service(name: key.description, status: "withdrawn")
            }
        }
        let waiting = line.facts.withoutAddress.map {
            Service(name: $0.text, status: "pending", detail: PrimaryAddress.missing)
        }
        let unwell = line.facts.unwell.sorted { $0.key < $1.key }.map { key, why in
            Service(name: key.description, status: "unhealthy", detail: why)
        }
        self.init(
            state: line.facts.state,
            since: line.facts.since,
            revision: line.facts.list?.revision,
            lastSync: line.facts.lastSync,
            etcd: line.facts.etcd?.description,
            lease: line.lease,
            services: waiting + services + unwell,
            outputs: line.outputs,
            reloadFaults: Dictionary(
                line.reloadFaults.map { ($0.key.description, $0.value.message) }
            ) { first, _ in first },
            oversized: line.facts.list?.oversized ?? [:]
        )
    }
}
