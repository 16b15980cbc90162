import EndpointFiles
import Etcd
import FoundationEssentials
import Registry
import Synchronization

/// What the daemon knows of itself, collected from everybody's reports.
final class StatusBoard: Sendable {
    /// How a service with checks is, and since when.
    struct Health: Hashable, Sendable {
        /// What a check saw; `nil` when all pass.
        var trouble: String?
        var since: Date
        var isWell: Bool { trouble == nil }
    }

    struct Facts: Sendable {
        var etcd: EtcdEndpoint?
        var etcdTrouble: String?
        /// That the endpoints are of several clusters.
        var endpointsTrouble: String?
        /// Why the list cannot be read, although etcd is there.
        var listTrouble: String?
        /// The list as it was when these facts were asked for.
        var list: TableUpdate?
        /// Whether there is one of this run.
        var hasList = false
        /// Whether the list was left by an earlier run.
        var isListOfEarlierRun = false
        /// When the list was last known to be true.
        var lastSync: Date?
        var isCurrent = false
        var isDegraded = false
        /// Whether the start ended without files of any run.
        var lacksFiles = false
        var isStopping = false
        /// Names of services that have no address to be registered at.
        var withoutAddress: [ServiceName] = []
        /// How the services are that have checks.
        var health: [ServiceKey: Health] = [:]
        /// Services that are not registered because a check fails, and what it saw.
        var unwell: [ServiceKey: String] { health.compactMapValues(\.trouble) }
        /// Those of them whose checks have not said enough yet.
        var unjudged: Set<ServiceKey> = []
        var reloadFaults = 0
        /// When a configuration was last taken on.
        var lastReload = Date()
        var since = Date()
        fileprivate var lastState: StatusDocument.State?
    }

    private let facts = Mutex(Facts())
    private let newest = Mutex<EndpointPublisher.Source?>(nil)
    private let signal: ChangeSignal

    init(signal: ChangeSignal) {
        self.signal = signal
    }

    /// Changes what is known, and says so.
    func update(_ change: (inout Facts) -> Void) {
        facts.withLock { facts in
            change(&facts)
            let state = facts.state
            if facts.lastState != state {
                facts.lastState = state
                facts.since = Date()
            }
        }
        signal.raise()
    }

    /// There is a new list of this run. It is looked at by whoever wants to know, and when he does.
    func listChanged(_ newest: @escaping EndpointPublisher.Source) {
        let isFirst = self.newest.withLock { known in
            defer { known = newest }
            return known == nil
        }
        guard isFirst else { return signal.raiseSoon() }
        update { facts in
            facts.list = nil
            facts.hasList = true
            facts.isListOfEarlierRun = false
        }
    }

    /// There is a list of an earlier run, true at that time.
    func listFound(_ list: TableUpdate, since: Date) {
        update { facts in
            guard !facts.hasList else { return }
            facts.list = list
            facts.isListOfEarlierRun = true
            facts.lastSync = since
        }
    }

    var current: Facts {
        let list = newest.withLock { $0 }?()
        var facts = facts.withLock { $0 }
        if let list { facts.list = list }
        return facts
    }

    func connectionChanged(_ event: ConnectionEvent) {
        update { facts in
            switch event {
            case .connected(let endpoint, _):
                facts.etcd = endpoint
                facts.etcdTrouble = nil
            case .lost(_, let reason):
                facts.etcd = nil
                facts.etcdTrouble = reason
            case .attemptFailed(_, let error):
                facts.etcd = nil
                facts.etcdTrouble = error.message
            case .filesNeedCare, .allFailed: break
            }
        }
    }

    func watchReported(_ report: WatchReport) {
        update { facts in
            switch report {
            case .synced:
                facts.isCurrent = true
                facts.isDegraded = false
                facts.listTrouble = nil
                facts.lastSync = Date()
            case .outOfSync: facts.isCurrent = false
            case .snapshotFailed(let error, _): facts.listTrouble = error.message
            default: break
            }
        }
    }
}

extension StatusBoard.Facts {
    /// The list's state in one word.
    var state: StatusDocument.State {
        if isStopping { return .stopped }
        if isCurrent { return .current }
        if isDegraded { return .degraded }
        return (list == nil && !hasList) || isListOfEarlierRun ? .syncing : .stale
    }
}
