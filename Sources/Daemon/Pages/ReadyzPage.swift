import EndpointFiles
import FoundationEssentials
import LocalServer

/// Answers `/readyz`: whether others can rely on the files now. How healthy the services are is another
/// matter, and so is READY=1, which ``ReadinessMachine`` decides.
struct ReadyzPage {
    let state: DaemonState

    /// What stands in the way, one sentence each.
    var troubles: [String] {
        var troubles: [String] = []
        if !state.isReady {
            troubles.append("start: some services are not registered or files not written yet")
        }
        let since = state.since.ISO8601Format()
        switch state.listState {
        case .current: return troubles
        case .syncing: troubles.append("list: not read yet")
        case .degraded: troubles.append("list: from an earlier run, since \(since)")
        case .stale: troubles.append("list: may be stale since \(since)")
        case .stopped: troubles.append("stopping since \(since)")
        }
        if state.etcd == nil {
            troubles.append("etcd: \(state.etcdError ?? "not connected yet")")
        } else if let error = state.listError {
            troubles.append("etcd: \(error)")
        }
        return troubles
    }

    var response: Response {
        troubles.isEmpty
            ? Response(.ok, "ready\n")
            : Response(.serviceUnavailable, troubles.map { "\($0)\n" }.joined())
    }
}
