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
    /// What was logged last of things that go wrong again and again, by what they are about.
    private let lastLogged = Mutex<[String: String]>([:])
    private let isConnected = Mutex(false)
    /// The time to live of our lease.
    private let ttl = Mutex<Duration?>(nil)

    init(_ log: Logger) {
        self.log = log
    }

    /// Logs what happened, where it is worth a line. The daemon's own parts log what they report beside these where it
    /// happens.
    func handle(_ event: DaemonEvent) {
        switch event {
        case .connection(let event): connection(event)
        case .registration(let report): registration(report)
        case .watch(let report): watch(report)
        case .health(let report): health(report)
        case .reload(let report): reload(report)
        case .publish(let report): publish(report)
        case .services, .drain, .configuration, .lifeCycle, .endpointsDiffer: break
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

    // MARK: the registration

    func registration(_ report: RegistrationReport) {
        switch report {
        case .leaseGranted(let lease, let term):
            forget("grant")
            ttl.withLock { $0 = term.granted }
            log.info(
                "lease granted",
                metadata: ["lease": "\(lease)", "ttl": "\(term.granted.text)"]
            )
        case .leaseContinued(let lease, let term):
            forget("grant")
            ttl.withLock { $0 = term.granted }
            log.info(
                "lease of the previous run continued",
                metadata: ["lease": "\(lease)", "remaining": "\(term.remaining.text)"]
            )
        case .leaseLost(let lease):
            log.log(.leaseLost, metadata: ["lease": "\(lease)"])
        case .leaseShared(let lease, let twin):
            log.log(
                .leaseShared,
                "one host is a copy of the other; give each its own /etc/machine-id",
                metadata: ["lease": "\(lease)", "other": "\(twin)"]
            )
        case .leaseDoubtful(let lease):
            log.log(.leaseDoubtful, metadata: ["lease": "\(lease)"])
        case .grantFailed(let error, let delay): retry("grant", .leaseNotGranted, error, delay)
        case .registered(let key, let lease, let revision):
            forget("claim \(key)")
            log.log(
                .registered,
                metadata: about(key).merging(["lease": "\(lease)", "revision": "\(revision)"]) {
                    $1
                }
            )
        case .updated(let key, let state, let revision):
            forget("claim \(key)")
            log.log(
                .registrationUpdated,
                metadata: about(key).merging([
                    "state": "\(state.rawValue)", "revision": "\(revision)",
                ]) { $1 }
            )
        case .lost(let key, .deleted):
            log.log(.registrationKeyDeleted, metadata: about(key))
        case .lost(let key, .overwritten):
            log.log(.registrationKeyOverwritten, metadata: about(key))
        case .contested(let key): log.log(.registrationContested, metadata: about(key))
        case .lostAgain(let key):
            log.debug("registration deleted or overwritten again", metadata: about(key))
        case .reclaimed(let key): log.debug("registration restored", metadata: about(key))
        case .refused(let key, let refusal):
            log.log(.registrationRefused, refusal.description, metadata: about(key))
        case .companionsHeld(let key, let held):
            log.log(
                .companionHeld,
                "give one of the two services another id or name",
                metadata: about(key).merging(["keys": "\(held.joined(separator: ", "))"]) { $1 }
            )
        case .claimFailed(let key, let error, let delay):
            retry("claim \(key)", .registrationFailed, error, delay, about(key))
        case .withdrawn(let key): log.log(.deregistered, metadata: about(key))
        case .left(nil): log.log(.allDeregistered)
        case .paused(let lease):
            log.log(
                .registrationsKept,
                metadata: ["lease": "\(lease?.description ?? "none")"]
            )
        case .left(let error?):
            let ttl = ttl.withLock { $0?.text }
            log.log(
                .leaseNotRevoked,
                error.description,
                metadata: ttl.map { ["expires_in": "\($0)"] } ?? [:]
            )
        }
    }

    // MARK: health

    func health(_ report: HealthReport) {
        switch report {
        case .up(let key): log.log(.healthPassed, metadata: about(key))
        case .down(let key, let reason):
            log.log(.healthFailed, "\(reason)", metadata: about(key))
        case .reasonChanged(let key, let reason):
            log.debug("health check fails for another reason: \(reason)", metadata: about(key))
        case .dampingBegan(let key, let delay):
            log.log(
                .flappingBegan,
                metadata: about(key).merging(["return_in": "\(delay.text)"]) { $1 }
            )
        case .dampingEnded(let key):
            log.log(.flappingEnded, metadata: about(key))
        case .checkFailing(let key, let check, let saw, let fall):
            log.info(
                "health check failed (1 of \(fall)): \(check): \(saw)",
                metadata: about(key)
            )
        }
    }

    // MARK: the list

    private func oversized(_ sizes: [ServiceName: ServiceSize]) {
        guard !sizes.isEmpty else { return log.log(.limitsKept) }
        for (name, size) in sizes.sorted(by: { $0.key < $1.key }) {
            log.log(
                .limitsExceeded,
                """
                \(size.keys) keys, \(size.bytes) bytes; raise endpoints and bytes, and MemoryMax= of the \
                unit with them
                """,
                metadata: ["service": "\(name)"]
            )
        }
    }

    func watch(_ report: WatchReport) {
        switch report {
        case .synced(let revision, let services, let endpoints, let bad, let foreign):
            forget("list")
            log.info(
                "endpoint list is current",
                metadata: [
                    "revision": "\(revision)", "services": "\(services)",
                    "endpoints": "\(endpoints)", "bad": "\(bad)", "foreign": "\(foreign)",
                ]
            )
        case .outOfSync(let reason): log.log(.listStale, reason)
        case .progressUnanswered:
            guard isNews("progress", "unanswered") else { return }
            log.log(.progressUnanswered, "there seems to be a proxy in front of etcd")
        case .snapshotFailed(let error, let delay): retry("list", .listNotRead, error, delay)
        case .restored(let from, let to, let isOtherCluster):
            log.log(
                isOtherCluster ? .etcdReplaced : .etcdRestored,
                metadata: ["from": "\(from)", "to": "\(to)"]
            )
        case .massLoss(let held, let all):
            log.log(
                .massLoss,
                metadata: ["held": "\(held)", "of": "\(all)"]
            )
        case .massLossEnded(let dropped):
            log.log(
                .massLossEnded,
                metadata: ["dropped": "\(dropped)"]
            )
        case .diverged(let keys, let inStore):
            log.log(
                .listDiverged,
                metadata: ["keys": "\(keys)", "keys_in_etcd": "\(inStore)"]
            )
        case .limitsExceeded(let sizes): oversized(sizes)
        case .badRecord(let key, let fault):
            log.log(.recordInvalid, "\(fault)", metadata: ["key": "\(key)"])
        case .moreBadRecords(let count):
            log.log(.recordsInvalid, metadata: ["more": "\(count)"])
        case .badRecordEnded(let key):
            log.info("invalid record in etcd is gone or valid again", metadata: ["key": "\(key)"])
        }
    }

    // MARK: the files

    func publish(_ report: PublishReport) {
        switch report {
        case .written(let path, let revision, let bytes):
            let level: Logger.Level = isNews("file \(path)", "fine") ? .info : .debug
            log.log(
                level: level,
                "file written",
                metadata: ["path": "\(path)", "revision": "\(revision)", "bytes": "\(bytes)"]
            )
        case .unchanged(let path, let revision):
            let level: Logger.Level = isNews("file \(path)", "fine") ? .info : .debug
            log.log(
                level: level,
                "file already holds this list",
                metadata: ["path": "\(path)", "revision": "\(revision)"]
            )
        case .kept(let path, let reason):
            forget("file \(path)")
            log.log(.fileKept, "\(reason)", metadata: ["path": "\(path)"])
        case .failed(let error, _):
            _ = isNews("file \(error.path)", error.message)
            log.log(
                .fileNotWritten,
                error.message,
                metadata: ["path": "\(error.path)", "call": "\(error.call)"]
            )
        case .refused(let path, let fault):
            _ = isNews("file \(path)", fault.message)
            let message: LogMessage =
                switch fault.code {
                case .refused: .listRejected
                case .notDone: .programFailed
                }
            log.log(message, "\(fault)", metadata: ["path": "\(path)"])
        case .altered(let path):
            log.log(.fileAltered, metadata: ["path": "\(path)"])
        case .rejected(let path, let rejection):
            log.log(
                .endpointSkipped,
                "it \(rejection.fault)",
                metadata: ["path": "\(path)", "key": "\(rejection.subject)"]
            )
        case .rejectedMore(let path, let count):
            log.log(
                .endpointsSkipped,
                metadata: ["path": "\(path)", "more": "\(count)"]
            )
        case .rejectionEnded(let path, let rejection):
            log.info(
                "no longer skipped in the file",
                metadata: ["path": "\(path)", "key": "\(rejection.subject)"]
            )
        case .abandoned(let path):
            forget("file \(path)")
            log.log(.outputRemoved, metadata: ["path": "\(path)"])
        }
    }

    // MARK: parts

    /// An absent etcd is logged by the connection, once; its consequences are not logged again each.
    private func retry(
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

    private func about(_ key: ServiceKey) -> Logger.Metadata {
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
