import EndpointFiles
import Etcd
import Files
import HealthChecks
import Logging
import Programs
import Registry
import Synchronization
import Texts

/// Logs what was reported: one line for each change of state, none for each try.
final class DaemonLog: Sendable {
    let log: Logger
    /// The last line about each thing that goes wrong again and again, by what it is about.
    private let lastLogged = Mutex<[String: String]>([:])
    private let isConnected = Mutex(false)
    /// The time to live of our lease.
    let ttl = Mutex<Duration?>(nil)

    init(_ log: Logger) {
        self.log = log
    }

    /// Logs what happened, where it is worth a line. What is no event (a socket that cannot be bound, a disk that hangs,
    /// something that cannot be saved) is logged by the part that meets it.
    func handle(_ event: DaemonEvent) {
        switch event {
        case .connection(let event): connection(event)
        case .registration(let report): registration(report)
        case .registrar(let report): registrar(report)
        case .drain(let report): drain(report)
        case .health(let report): health(report)
        case .watch(let report): watch(report)
        case .publish(let report): publish(report)
        case .reload(let report): reload(report)
        case .runtime(let report): runtime(report)
        case .configuration(let report): configuration(report)
        case .lifeCycle(let report): lifeCycle(report)
        case .endpointsDiffer(let mixture): log.log(.etcdClustersMixed, mixture.detail)
        // What follows from it is reported by itself, and so many lines about other hosts nobody reads.
        case .services, .endpoints: break
        }
    }

    // MARK: the connection

    func connection(_ event: ConnectionEvent) {
        switch event {
        case .connected(let endpoint, let version):
            forget("etcd")
            isConnected.withLock { $0 = true }
            log.log(
                .etcdConnected,
                metadata: ["etcd": "\(endpoint)", "version": "\(version)"]
            )
        case .lost(let endpoint, let reason):
            isConnected.withLock { $0 = false }
            log.log(.etcdConnectionLost, reason, metadata: ["etcd": "\(endpoint)"])
        case .attemptFailed(let endpoint, let error):
            if isNews("etcd \(endpoint)", error.message) {
                log.log(
                    .etcdConnectionFailed,
                    error.message,
                    metadata: ["etcd": "\(endpoint)"]
                )
            }
        case .filesNeedCare(let endpoint, let sentence):
            log.log(.etcdTLSFilesDoubtful, sentence, metadata: ["etcd": "\(endpoint)"])
        case .allFailed(let delay):
            log.debug("no connection to etcd", metadata: ["retry_in": "\(delay.text)"])
        }
    }

    // MARK: the daemon itself

    func configuration(_ report: ConfigurationReport) {
        switch report {
        case .doubtful(let sentence): log.log(.configurationDoubtful, sentence)
        case .partRefused(let sentence): log.log(.configurationPartRefused, sentence)
        case .needsRestart(let sentence): log.log(.configurationNeedsRestart, sentence)
        case .applied: break
        case .reloaded(let services, let outputs):
            log.log(
                .configurationReloaded,
                metadata: ["services": "\(services)", "outputs": "\(outputs)"]
            )
        case .refused(let sentences):
            for sentence in sentences { log.log(.configurationInvalid, sentence) }
            log.log(.configurationNotReloaded)
        }
    }

    func lifeCycle(_ report: LifeCycleReport) {
        switch report {
        case .ready: log.log(.ready)
        // ``StatusPublisher`` logs it, with STATUS= as it is then.
        case .readyDegraded: break
        case .listReceived, .earlierListFound, .stopping: break
        }
    }

    // MARK: parts

    /// An absent etcd is logged by the connection, once; its consequences are not logged again each.
    func retry(
        _ topic: String,
        _ message: LogMessage,
        _ error: StoreError,
        _ delay: Duration,
        _ subject: Logger.Metadata = [:]
    ) {
        // The daemon ends, and took it back itself.
        guard error.code != .cancelled else { return }
        let isAbsent = error.code == .unavailable && !isConnected.withLock { $0 }
        let isWarning = !isAbsent && isNews(topic, error.message)
        log.log(
            message,
            error.description,
            level: isWarning ? nil : .debug,
            metadata: subject.merging(["retry_in": "\(delay.text)"]) { $1 }
        )
    }

    func about(_ key: ServiceKey) -> Logger.Metadata {
        ["service": "\(key.service)", "id": "\(key.instance)"]
    }

    func isNews(_ topic: String, _ text: String) -> Bool {
        lastLogged.withLock { $0.updateValue(text, forKey: topic) != text }
    }

    /// The topic, and those that begin with it, are news again.
    func forget(_ topic: String) {
        lastLogged.withLock { logged in logged = logged.filter { !$0.key.hasPrefix(topic) } }
    }
}
