import EndpointFiles
import FoundationEssentials
import LocalServer

/// Whether others can rely on the files now, for `/readyz`. How healthy the services are is another
/// matter.
struct ReadinessPage {
    /// Whether READY=1 was said.
    var isStarted: Bool
    var facts: StatusBoard.Facts

    /// What stands in the way, one sentence each.
    var troubles: [String] {
        var troubles: [String] = []
        if !isStarted {
            troubles.append("start: not each service is registered and each file written yet")
        }
        let since = facts.since.ISO8601Format()
        switch facts.state {
        case .current: return troubles
        case .syncing: troubles.append("list: none has been read yet")
        case .degraded: troubles.append("list: of an earlier run, since \(since)")
        case .stale: troubles.append("list: may be old since \(since)")
        case .stopped: troubles.append("stop: under way since \(since)")
        }
        if facts.etcd == nil {
            troubles.append("etcd: \(facts.etcdTrouble ?? "not connected yet")")
        } else if let trouble = facts.listTrouble {
            troubles.append("etcd: \(trouble)")
        }
        return troubles
    }

    var response: Response {
        troubles.isEmpty
            ? Response(.ok, "ready\n")
            : Response(.serviceUnavailable, troubles.map { "\($0)\n" }.joined())
    }
}
