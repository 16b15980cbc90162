import EndpointFiles
import Files
import Logging
import Programs
import Registry
import Texts

// The list, the output files and their consumers.
extension DaemonLog {
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
                case .notRendered: .templateFailed
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
        case .spillBegan(let path, let service):
            log.log(.spillBegan, metadata: ["path": "\(path)", "service": "\(service)"])
        case .spillsMore(let path, let count):
            log.log(.spillsBegan, metadata: ["path": "\(path)", "more": "\(count)"])
        case .spillEnded(let path, let service):
            log.log(.spillEnded, metadata: ["path": "\(path)", "service": "\(service)"])
        case .abandoned(let path):
            forget("file \(path)")
            log.log(.outputRemoved, metadata: ["path": "\(path)"])
        }
    }

    // MARK: the consumers of the files

    func runtime(_ report: RuntimeReport) {
        switch report {
        case .applied(let path, let commands):
            log.debug(
                "HAProxy does what the file says",
                metadata: ["path": "\(path)", "commands": "\(commands)"]
            )
        case .deleted(let path, let servers):
            log.debug(
                "servers deleted from HAProxy",
                metadata: ["path": "\(path)", "servers": "\(servers)"]
            )
        case .processChanged(let path, let pid):
            log.info(
                "HAProxy has another process",
                metadata: ["path": "\(path)", "pid": "\(pid)"]
            )
        case .unreachable(let path, let fault):
            log.log(.runtimeUnreachable, "\(fault)", metadata: ["path": "\(path)"])
        case .reachable(let path):
            log.log(.runtimeReachable, metadata: ["path": "\(path)"])
        case .different(let path, let reason):
            log.log(.runtimeDifferent, reason, metadata: ["path": "\(path)"])
        case .reloadRefused(let path, let fault):
            log.log(.runtimeReloadRejected, "\(fault)", metadata: ["path": "\(path)"])
        case .reloadNeeded(let path, let reason):
            // A list with host names says the same again and again.
            let level: Logger.Level? = isNews("runtime \(path)", reason) ? nil : .debug
            log.log(.runtimeReloadNeeded, reason, level: level, metadata: ["path": "\(path)"])
        case .setByHand(let path, let settings, let more):
            guard !settings.isEmpty else {
                return log.info(
                    "no HAProxy server is set by hand any more",
                    metadata: ["path": "\(path)"]
                )
            }
            let others = more > 0 ? "; and \(more) more" : ""
            log.log(
                .runtimeSetByHand,
                settings.joined(separator: "; ") + others,
                metadata: ["path": "\(path)"]
            )
        }
    }

    func reload(_ report: ReloadReport) {
        switch report {
        case .done(let action, let paths):
            // After a failure it is news that it went well.
            let level: Logger.Level = isNews("reload \(action.kind)", "fine") ? .info : .debug
            log.log(
                level: level,
                "reloaded",
                metadata: [
                    "action": "\(action)", "paths": "\(paths.joined(separator: " "))",
                ]
            )
        case .failed(let action, let fault, let delay):
            _ = isNews("reload \(action.kind)", fault.message)
            log.log(
                .reloadFailed,
                "\(fault)",
                metadata: ["action": "\(action)", "retry_in": "\(delay.text)"]
            )
        }
    }
}
