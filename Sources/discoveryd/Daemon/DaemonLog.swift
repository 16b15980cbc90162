import EndpointFiles
import Etcd
import Files
import HealthChecks
import Logging
import Programs
import Registry
import Synchronization
import Texts

/// Says what was reported: one line for each change of state, none for each try.
final class DaemonLog: Sendable {
    let log: Logger
    /// What was said last of things that go wrong again and again, by what they are about.
    private let said = Mutex<[String: String]>([:])
    private let isConnected = Mutex(false)

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
            log.notice(
                "connected to etcd",
                metadata: ["etcd": "\(endpoint)", "version": "\(version)"]
            )
        case .lost(let endpoint, let reason):
            isConnected.withLock { $0 = false }
            log.warning("lost etcd: \(reason)", metadata: ["etcd": "\(endpoint)"])
        case .attemptFailed(let endpoint, let error):
            if isNews("etcd \(endpoint)", error.message) {
                log.warning(
                    "etcd is not usable: \(error.message)",
                    metadata: ["etcd": "\(endpoint)"]
                )
            }
        case .filesNeedCare(let endpoint, let sentence):
            log.warning("\(sentence)", metadata: ["etcd": "\(endpoint)"])
        case .allFailed(let delay):
            log.debug("no etcd is usable", metadata: ["retry_in": "\(delay.text)"])
        }
    }

    // MARK: the registration

    func registration(_ report: RegistrationReport) {
        switch report {
        case .leaseGranted(let lease, let term):
            forget("grant")
            log.info(
                "lease granted",
                metadata: ["lease": "\(lease)", "ttl": "\(term.granted.text)"]
            )
        case .leaseContinued(let lease, let term):
            forget("grant")
            log.info(
                "the lease of the last run goes on",
                metadata: ["lease": "\(lease)", "remaining": "\(term.remaining.text)"]
            )
        case .leaseLost(let lease):
            log.warning("the lease is gone, asking for a new one", metadata: ["lease": "\(lease)"])
        case .leaseShared(let lease, let twin):
            log.error(
                """
                another machine goes on with this one's lease: one was copied from the other; give each \
                its own /etc/machine-id
                """,
                metadata: ["lease": "\(lease)", "other": "\(twin)"]
            )
        case .leaseDoubtful(let lease):
            log.warning(
                "no answer for a whole time to live: the registrations may be gone until etcd answers",
                metadata: ["lease": "\(lease)"]
            )
        case .grantFailed(let error, let delay): retry("grant", "no lease", error, delay)
        case .registered(let key, let lease, let revision):
            forget("claim \(key)")
            log.notice(
                "registered",
                metadata: about(key).merging(["lease": "\(lease)", "revision": "\(revision)"]) {
                    $1
                }
            )
        case .updated(let key, let state, let revision):
            forget("claim \(key)")
            log.notice(
                "registered anew",
                metadata: about(key).merging([
                    "state": "\(state.rawValue)", "revision": "\(revision)",
                ]) { $1 }
            )
        case .lost(let key, .deleted):
            log.warning("the key was deleted, putting it back", metadata: about(key))
        case .lost(let key, .overwritten):
            log.warning("the key was overwritten, putting it back", metadata: about(key))
        case .contested(let key):
            log.warning(
                "something keeps deleting or overwriting the key; it is put back ever more slowly",
                metadata: about(key)
            )
        case .lostAgain(let key): log.debug("the key was taken away again", metadata: about(key))
        case .reclaimed(let key): log.debug("the key is back", metadata: about(key))
        case .refused(let key, let refusal):
            log.warning("not registered: \(refusal)", metadata: about(key))
        case .companionsHeld(let key, let held):
            log.warning(
                """
                another host holds the name for CoreDNS, which stays as it is: give one of them another id or \
                service name
                """,
                metadata: about(key).merging(["keys": "\(held.joined(separator: ", "))"]) { $1 }
            )
        case .claimFailed(let key, let error, let delay):
            retry("claim \(key)", "not registered", error, delay)
        case .withdrawn(let key): log.notice("withdrawn", metadata: about(key))
        case .left(nil): log.notice("left the registry")
        case .paused(let lease):
            log.notice(
                "the registrations stay for the next run",
                metadata: ["lease": "\(lease?.description ?? "none")"]
            )
        case .left(let error?):
            log.warning("left without etcd's word, the keys end with their lease: \(error)")
        }
    }

    // MARK: health

    func health(_ report: HealthReport) {
        switch report {
        case .up(let key): log.notice("well: its checks pass", metadata: about(key))
        case .down(let key, let reason):
            log.warning("not well, taken out of the registry: \(reason)", metadata: about(key))
        case .reasonChanged(let key, let reason):
            log.debug("still not well: \(reason)", metadata: about(key))
        case .dampingBegan(let key, let delay):
            log.warning(
                "has come and gone too often; it stays out for a while, although its checks pass",
                metadata: about(key).merging(["return_in": "\(delay.text)"]) { $1 }
            )
        case .dampingEnded(let key):
            log.notice("has been steady for long enough", metadata: about(key))
        case .checkFailing(let key, let check, let saw, let fall):
            log.info(
                "a check fails: \(check): \(saw)",
                metadata: about(key).merging(["fall": "\(fall)"]) { $1 }
            )
        }
    }

    // MARK: the list

    private func oversized(_ sizes: [ServiceName: ServiceSize]) {
        guard !sizes.isEmpty else { return log.notice("all services fit within [limits] again") }
        for (name, size) in sizes.sorted(by: { $0.key < $1.key }) {
            log.error(
                """
                service exceeds [limits] and is not updated: \(size.keys) keys, \(size.bytes) bytes; raise \
                endpoints and bytes, and MemoryMax= of the unit with them
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
                "the list is current",
                metadata: [
                    "revision": "\(revision)", "services": "\(services)",
                    "endpoints": "\(endpoints)", "bad": "\(bad)", "foreign": "\(foreign)",
                ]
            )
        case .outOfSync(let reason): log.warning("the list may be old from now on: \(reason)")
        case .progressUnanswered:
            guard isNews("progress", "unanswered") else { return }
            log.notice(
                """
                etcd answers reads, but no requests for progress: a proxy seems to be in between; the list is \
                compared with counts instead
                """
            )
        case .snapshotFailed(let error, let delay): retry("list", "no list", error, delay)
        case .restored(let from, let to, let isOtherCluster):
            log.error(
                isOtherCluster
                    ? "this is another etcd cluster; the list follows it"
                    : "etcd was restored from an older state; the list follows it",
                metadata: ["from": "\(from)", "to": "\(to)"]
            )
        case .massLoss(let held, let all):
            log.error(
                """
                most endpoints vanished at once without a word, after trouble with etcd; they stay in \
                the files for the hold time of each
                """,
                metadata: ["held": "\(held)", "of": "\(all)"]
            )
        case .massLossEnded(let dropped):
            log.notice(
                "no vanished endpoint is held any more",
                metadata: ["gone_for_good": "\(dropped)"]
            )
        case .diverged(let keys, let inStore):
            log.error(
                "the list had missed a change, which a comparison with etcd showed; reading it again",
                metadata: ["keys": "\(keys)", "keys_in_etcd": "\(inStore)"]
            )
        case .limitsExceeded(let sizes): oversized(sizes)
        case .badRecord(let key, let fault):
            log.warning("a record is left out: \(fault)", metadata: ["key": "\(key)"])
        case .moreBadRecords(let count):
            log.warning("more records are left out", metadata: ["more": "\(count)"])
        case .badRecordEnded(let key):
            log.info("a bad record is gone or good again", metadata: ["key": "\(key)"])
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
                "the file holds this list already",
                metadata: ["path": "\(path)", "revision": "\(revision)"]
            )
        case .kept(let path, let reason):
            forget("file \(path)")
            log.warning("the file stays as it is: \(reason)", metadata: ["path": "\(path)"])
        case .failed(let error, _):
            _ = isNews("file \(error.path)", error.message)
            log.error("\(error)", metadata: ["call": "\(error.call)"])
        case .refused(let path, let fault):
            _ = isNews("file \(path)", fault.message)
            let what =
                switch fault.code {
                case .refused: "a program refuses the new list"
                case .notDone: "a program could not be asked about the new list"
                }
            log.error("\(what), the old file stays: \(fault)", metadata: ["path": "\(path)"])
        case .altered(let path):
            log.warning(
                "somebody else deleted or changed the file; writing it again",
                metadata: ["path": "\(path)"]
            )
        case .rejected(let path, let rejection):
            log.warning(
                "left out of the file, it \(rejection.fault)",
                metadata: ["path": "\(path)", "key": "\(rejection.subject)"]
            )
        case .rejectedMore(let path, let count):
            log.warning(
                "more is left out of the file",
                metadata: ["path": "\(path)", "more": "\(count)"]
            )
        case .rejectionEnded(let path, let rejection):
            log.info(
                "no longer left out of the file",
                metadata: ["path": "\(path)", "key": "\(rejection.subject)"]
            )
        case .abandoned(let path):
            forget("file \(path)")
            log.notice(
                "no longer an output; the file stays and gets old",
                metadata: ["path": "\(path)"]
            )
        }
    }

    // MARK: parts

    /// An absent etcd is said by the connection, once; its consequences are not said again each.
    private func retry(_ topic: String, _ what: String, _ error: StoreError, _ delay: Duration) {
        // The daemon ends, and took it back itself.
        guard error.code != .cancelled else { return }
        let isAbsent = error.code == .unavailable && !isConnected.withLock { $0 }
        let isWarning = !isAbsent && isNews(topic, error.message)
        log.log(
            level: isWarning ? .warning : .debug,
            "\(what): \(error)",
            metadata: ["retry_in": "\(delay.text)"]
        )
    }

    private func about(_ key: ServiceKey) -> Logger.Metadata {
        ["service": "\(key.service)", "id": "\(key.instance)"]
    }

    func isNews(_ topic: String, _ text: String) -> Bool {
        said.withLock { said in said.updateValue(text, forKey: topic) != text }
    }

    /// The topic, and those that begin with it, are news again.
    func forget(_ topic: String) {
        said.withLock { said in said = said.filter { !$0.key.hasPrefix(topic) } }
    }
}
