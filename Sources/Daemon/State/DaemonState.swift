import Configuration
import EndpointFiles
import Etcd
import Files
import FoundationEssentials
import Machines
import Programs
import Registry

/// Holds what is true of the daemon now.
///
/// One value, made of events and readings by a function without clock and I/O. `STATUS=`, the status file, the local
/// API, `/readyz`, the gauges, `discoveryd wait` and readiness are functions of it.
struct DaemonState: Sendable {
    /// The daemon's view of its list.
    enum ListState: String, Hashable, Sendable {
        /// No list has been read yet.
        case syncing
        /// The list follows etcd.
        case current
        /// The list was right, and may be out of date.
        case stale
        /// Started without etcd: the files are from an earlier run.
        case degraded
        /// The daemon has stopped: the files stay, and nobody keeps them.
        case stopped
    }

    /// How one instance stands that is to be registered.
    struct Registration: Hashable, Sendable {
        var status: RegistrationStatus
        /// Since when it is pending, registered, refused or withdrawn.
        var since: Date
    }

    /// What the checks of an instance say, and since when.
    struct Health: Hashable, Sendable {
        /// What a check observed; `nil` when all pass.
        var trouble: String?
        var since: Date
        var isWell: Bool { trouble == nil }
    }

    // MARK: the configuration

    /// The configuration in force.
    var configuration: Configuration
    /// How many errors the configuration had that was refused last; 0 when the last was applied.
    var configurationErrors = 0
    /// When a configuration was last applied.
    var lastReload: Date

    // MARK: the connection

    /// The member that serves us, if there is one.
    var etcd: EtcdEndpoint?
    /// Why there is none.
    var etcdError: String?
    /// That the endpoints in `[etcd]` belong to several clusters.
    var endpointsError: String?

    // MARK: the list

    /// The newest list, or one of an earlier run.
    var list: TableUpdate?
    /// Whether there is one of this run.
    var hasList = false
    /// Whether the list has followed etcd in this run.
    var hasSynced = false
    /// Whether ``list`` was left by an earlier run.
    var isListOfEarlierRun = false
    /// Whether the list follows etcd.
    var isCurrent = false
    /// When the list was last read whole, or was true.
    var lastSync: Date?
    /// Why the list cannot be read, although etcd is there.
    var listError: String?

    // MARK: start and end

    /// Whether READY=1 was sent.
    var isReady = false
    /// Whether it was sent without a list of etcd, and there has been none since.
    var isDegraded = false
    /// Whether the start ended without files of any run.
    var lacksFiles = false
    var isStopping = false
    /// Since when ``listState`` is as it is.
    var since: Date

    // MARK: services

    /// How each instance stands that is to be registered.
    var registrations: [ServiceKey: Registration] = [:]
    /// Services that have no address to be registered at.
    var withoutAddress: [ServiceName] = []
    /// What the checks say of the instances that have some.
    var health: [ServiceKey: Health] = [:]
    /// Those whose checks have not said enough yet.
    var unjudged: Set<ServiceKey> = []
    /// The lease, if there is one.
    var lease: LeaseID?
    /// How long it lives for certain.
    var leaseRemaining: Duration?
    /// What was asked to drain.
    var drains: [DrainMachine.Target: DrainMachine.Drain] = [:]
    /// What is registered as draining.
    var draining = Drains()

    // MARK: files

    /// How each output stands, by its path.
    var outputs: [String: OutputStatus] = [:]
    /// Up to which revision every output holds the list; `nil` while one of them holds none.
    var written: Revision?
    /// When each output file last changed, as this run left or found it.
    var modified: [String: Date] = [:]
    /// How many endpoints and services each output leaves out.
    var leftOut: [String: Int] = [:]
    /// The services whose traffic leaves the most preferred zone, by the path of each output that prefers zones.
    var spilling: [String: [ServiceName]] = [:]
    /// Why consumers have not loaded the new files.
    var actionFaults: [ReloadAction: ReloadFault] = [:]
    /// The state of each running HAProxy towards its file, by the file's path.
    var runtimes: [String: RuntimeStatus] = [:]

    /// The state of a daemon that begins.
    init(_ configuration: Configuration = Configuration(), at time: Date) {
        self.configuration = configuration
        lastReload = time
        since = time
    }

    /// The state of the list.
    var listState: ListState {
        if isStopping { return .stopped }
        if isCurrent { return .current }
        if isDegraded { return .degraded }
        return hasSynced ? .stale : .syncing
    }

    /// The instances that are not registered because a check fails, and what it observed.
    var unhealthy: [ServiceKey: String] { health.compactMapValues(\.trouble) }
}

// How the state comes about.
extension DaemonState {
    /// Takes in what happened.
    mutating func apply(_ event: DaemonEvent, at time: Date) {
        let before = listState
        switch event {
        case .connection(let event): apply(event)
        case .watch(let report): apply(report, at: time)
        case .services(let services): apply(services, at: time)
        case .configuration(.applied(let configuration)):
            self.configuration = configuration
            configurationErrors = 0
            lastReload = time
        case .configuration(.refused(let faults)): configurationErrors = faults.count
        case .configuration(.doubtful), .configuration(.partRefused), .configuration(.needsRestart),
            .configuration(.reloaded), .registrar:
            break
        case .lifeCycle(let report): apply(report)
        case .endpointsDiffer(let mixture): endpointsError = mixture.description
        // What follows from these is read where it stands; see ``DaemonReadings``.
        case .registration, .endpoints, .publish, .reload, .runtime, .health, .drain: break
        }
        if listState != before { since = time }
    }

    /// Takes in what the parts of the daemon hold now.
    mutating func update(with readings: DaemonReadings, at time: Date) {
        let before = listState
        if hasList, let list = readings.list { self.list = list }
        let known = registrations
        registrations = readings.registrations.reduce(into: [:]) { result, entry in
            let old = known[entry.key]
            let since = old?.status.word == entry.value.word ? old?.since : nil
            result[entry.key] = Registration(status: entry.value, since: since ?? time)
        }
        lease = readings.lease
        leaseRemaining = readings.leaseRemaining
        drains = readings.drains
        draining = readings.draining
        outputs = readings.outputs
        written = readings.written
        modified = readings.modified.mapValues { Date(timeIntervalSince1970: $0 / .seconds(1)) }
        leftOut = readings.leftOut
        spilling = readings.spilling
        actionFaults = readings.actionFaults
        runtimes = readings.runtimes
        if listState != before { since = time }
    }

    private mutating func apply(_ event: ConnectionEvent) {
        switch event {
        case .connected(let endpoint, _):
            etcd = endpoint
            etcdError = nil
        case .lost(_, let reason):
            etcd = nil
            etcdError = reason
        case .attemptFailed(_, let error):
            etcd = nil
            etcdError = error.message
        case .filesNeedCare, .allFailed: break
        }
    }

    private mutating func apply(_ report: WatchReport, at time: Date) {
        switch report {
        case .synced:
            isCurrent = true
            hasSynced = true
            isDegraded = false
            listError = nil
            lastSync = time
        case .outOfSync: isCurrent = false
        case .snapshotFailed(let error, _): listError = error.message
        default: break
        }
    }

    private mutating func apply(_ services: RegistrarMachine.Summary, at time: Date) {
        withoutAddress = services.withoutAddress
        unjudged = services.unjudged
        let known = health
        health = services.health.reduce(into: [:]) { result, entry in
            let old = known[entry.key]
            let since = old?.isWell == entry.value.isUp ? old?.since : nil
            result[entry.key] = Health(trouble: entry.value.trouble, since: since ?? time)
        }
    }

    private mutating func apply(_ report: LifeCycleReport) {
        switch report {
        case .listReceived:
            list = nil
            hasList = true
            isListOfEarlierRun = false
        case .earlierListFound(let list, let since):
            guard !hasList else { return }
            self.list = list
            isListOfEarlierRun = true
            lastSync = since
        case .ready: isReady = true
        case .readyDegraded(let filesExist):
            isReady = true
            isDegraded = !hasList
            lacksFiles = !filesExist
        case .stopping: isStopping = true
        }
    }
}

extension RegistrationStatus {
    /// The status as one word.
    var word: String {
        switch self {
        case .pending: "pending"
        case .registered, .updating: "registered"
        case .refused: "refused"
        case .withdrawn: "withdrawn"
        }
    }

    /// What stands in the way.
    var detail: String? {
        switch self {
        case .pending(let reason): reason
        case .updating(_, _, let reason): reason.map { "not updated: \($0)" }
        case .refused(let refusal): refusal.description
        case .registered, .withdrawn: nil
        }
    }
}

extension RuntimeStatus {
    /// The status as one word.
    var word: String {
        switch self {
        case .pending: "pending"
        case .applying, .current: "current"
        case .reloading: "reloading"
        case .different: "different"
        case .unreachable: "unreachable"
        }
    }

    /// The reason, or what is special.
    var detail: String? {
        switch self {
        case .pending, .applying: nil
        case .reloading(let reason), .different(let reason): reason
        case .unreachable(let fault): fault.message
        case .current(let leaving, let setByHand): Self.detail(leaving, setByHand)
        }
    }

    private static func detail(_ leaving: Int, _ setByHand: [String]) -> String? {
        var parts: [String] = []
        if leaving > 0 { parts.append("\(leaving) server\(leaving == 1 ? "" : "s") to be deleted") }
        if !setByHand.isEmpty {
            parts.append("set by hand: \(setByHand.joined(separator: "; "))")
        }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}

extension OutputStatus {
    /// The status as one word. A file that is just being written is as good as current.
    var word: String {
        switch self {
        case .waiting: "waiting"
        case .pending, .current: "current"
        case .kept: "kept"
        case .failed: "failed"
        case .refused: "refused"
        }
    }

    /// What stands in the way.
    var detail: String? {
        switch self {
        case .failed(let error): error.message
        case .refused(let fault): fault.message
        case .kept(let reason): reason.description
        case .waiting, .pending, .current: nil
        }
    }
}
