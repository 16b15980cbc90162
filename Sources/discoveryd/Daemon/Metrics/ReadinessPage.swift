import EndpointFiles
import FoundationEssentials
import Metrics

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
            troubles.append("start: some services are not registered or files not written yet")
        }
        let since = facts.since.ISO8601Format()
        switch facts.state {
        case .current: return troubles
        case .syncing: troubles.append("list: not read yet")
        case .degraded: troubles.append("list: from an earlier run, since \(since)")
        case .stale: troubles.append("list: may be stale since \(since)")
        case .stopped: troubles.append("stopping since \(since)")
        }
        if facts.etcd == nil {
            troubles.append("etcd: \(facts.etcdTrouble ?? "not connected yet")")
        } else if let trouble = facts.listTrouble {
            troubles.append("etcd: \(trouble)")
        }
        return troubles
    }

    var answer: PageAnswer {
        troubles.isEmpty
            ? PageAnswer(.ok, "ready\n")
            : PageAnswer(.unavailable, troubles.map { "\($0)\n" }.joined())
    }
}
