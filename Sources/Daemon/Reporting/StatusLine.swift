import EndpointFiles
import Etcd
import Files
import FoundationEssentials
import Programs
import Registry
import Texts

/// `STATUS=`: how the daemon is, in one line for `systemctl status`.
struct StatusLine {
    let state: DaemonState

    /// `web registered, lease 694d…, 3 services, 41 endpoints at revision 81234, etcd …`, with what
    /// is wrong in front.
    var text: String {
        var parts = troubles
        parts += services
        if let lease = state.lease { parts.append("lease \(lease)") }
        if let list = state.list {
            let services = list.table.serviceCount
            let endpoints = list.table.endpointCount
            parts.append(
                "\(services) service\(services == 1 ? "" : "s"), \(endpoints) endpoint"
                    + "\(endpoints == 1 ? "" : "s") at revision \(list.revision)"
            )
        }
        if let etcd = state.etcd { parts.append("etcd \(etcd.host.joined(port: etcd.port))") }
        return parts.joined(separator: ", ")
    }

    private var troubles: [String] {
        var parts: [String] = []
        switch state.listState {
        case .current: break
        case .syncing: parts.append("waiting for etcd")
        case .stale: parts.append("endpoint list may be stale")
        case .stopped: parts.append("stopping")
        case .degraded:
            if state.outputs.isEmpty {
                parts.append("degraded: waiting for etcd")
            } else if state.lacksFiles, !state.isListOfEarlierRun {
                parts.append("degraded: no files yet, waiting for etcd")
            } else if state.isListOfEarlierRun, let since = state.lastSync {
                parts.append(
                    "degraded: serving the endpoint list of an earlier run, as of \(since.ISO8601Format())"
                )
            } else {
                parts.append("degraded: serving the files of an earlier run")
            }
        }
        if let held = state.list?.held.count, held > 0 {
            parts.append("\(held) endpoint\(held == 1 ? "" : "s") held although missing in etcd")
        }
        for (name, size) in (state.list?.oversized ?? [:]).sorted(by: { $0.key < $1.key }) {
            parts.append(
                "\(name) exceeds [limits]; its endpoints are not updated: \(size.keys) keys"
            )
        }
        if state.etcd == nil {
            if let error = state.etcdError { parts.append("etcd: \(error)") }
        } else if let error = state.listError {
            parts.append("could not read the endpoint list: \(error)")
        }
        if let error = state.endpointsError { parts.append(error) }
        for (path, status) in state.outputs.sorted(by: { $0.key < $1.key }) {
            switch status {
            case .failed(let error): parts.append("\(path): \(error.message)")
            case .refused(let fault): parts.append("\(path) not updated: \(fault)")
            case .kept(.fromEarlierRun): break
            case .kept(let reason): parts.append("\(path) not updated: \(reason)")
            case .waiting, .pending, .current: break
            }
        }
        for (path, status) in state.runtimes.sorted(by: { $0.key < $1.key }) {
            switch status {
            case .unreachable(let fault): parts.append("\(path): \(fault)")
            case .different(let reason): parts.append("HAProxy differs from \(path): \(reason)")
            case .current(_, let setByHand):
                guard let first = setByHand.first else { break }
                let more = setByHand.count > 1 ? " and \(setByHand.count - 1) more" : ""
                parts.append("HAProxy, set by hand: \(first)\(more)")
            case .reloading(let reason):
                parts.append("\(path) takes a reload of HAProxy: \(reason)")
            case .pending, .applying: break
            }
        }
        let reloads = state.actionFaults.sorted { $0.key.description < $1.key.description }
        for (action, fault) in reloads {
            parts.append("\(action) still uses the old file: \(fault)")
        }
        if state.configurationErrors > 0 {
            parts.append(
                "configuration reload failed with \(state.configurationErrors) "
                    + "error\(state.configurationErrors == 1 ? "" : "s"), the old configuration stays in force"
            )
        }
        return parts
    }

    private var services: [String] {
        let waiting = state.withoutAddress.map { "\($0) \(PrimaryAddress.missing)" }
        // Many services are counted; those in trouble are always named.
        let registrations = state.registrations.mapValues(\.status)
        let registered = registrations.filter {
            switch $0.value {
            case .registered, .updating: true
            case .pending, .refused, .withdrawn: false
            }
        }
        var parts: [String] = []
        if registered.count > 3 {
            let draining = registered.count { state.draining.contains($0.key.service) }
            parts.append("\(registered.count) of \(registrations.count) registered")
            if draining > 0 { parts.append("\(draining) of them draining") }
        } else {
            parts += registered.keys.sorted().map { key in
                "\(key.service) \(state.draining.contains(key.service) ? "draining" : "registered")"
            }
        }
        for (key, status) in registrations.sorted(by: { $0.key < $1.key }) {
            switch status {
            case .registered, .updating(_, _, nil): break
            case .updating(_, _, let reason?): parts.append("\(key.service) not updated: \(reason)")
            case .pending(nil): parts.append("\(key.service) not registered yet")
            case .pending(let reason?): parts.append("\(key.service) not registered: \(reason)")
            case .refused(let refusal): parts.append("\(key) refused: \(refusal)")
            case .withdrawn: parts.append("\(key.service) deregistered")
            }
        }
        for (key, why) in state.unhealthy.sorted(by: { $0.key < $1.key }) {
            parts.append("\(key.service) not registered: \(why)")
        }
        return waiting + parts
    }
}
