import EndpointFiles
import Etcd
import Files
import FoundationEssentials
import HealthChecks
import Programs
import Registry
import Texts

/// Describes an event for the history: what it is about, one word, and a detail.
struct EventNote: Hashable, Sendable {
    var subject: EventHistory.Subject
    var kind: String
    var detail = ""
    /// Whether it says only that something goes on well: of several in a row the last is enough.
    var isProgress = false

    init(_ subject: EventHistory.Subject, _ kind: String, _ detail: String = "") {
        self.subject = subject
        self.kind = kind
        self.detail = detail
    }

    /// `nil` for what is not worth remembering.
    init?(_ event: DaemonEvent) {
        switch event {
        case .registration(let report): self.init(report)
        case .watch(let report): self.init(report)
        case .connection(let event): self.init(event)
        case .publish(let report): self.init(report)
        case .reload(let report): self.init(report)
        case .health(let report): self.init(report)
        case .drain(let report): self.init(report)
        case .configuration(.applied): self.init(.configuration, "applied")
        case .configuration(.refused(let errors)):
            self.init(.configuration, "refused", "\(errors) errors")
        case .lifeCycle(let report): self.init(report)
        case .endpointsDiffer(let sentence): self.init(.connection, "endpoints_differ", sentence)
        // What the checks say is reported by themselves.
        case .services: return nil
        }
    }

    private init?(_ report: RegistrationReport) {
        switch report {
        case .leaseGranted(let lease, let term):
            self.init(.lease, "granted", "\(lease), ttl \(term.granted.text)")
        case .leaseContinued(let lease, let term):
            self.init(.lease, "continued", "\(lease), \(term.remaining.text) left")
        case .leaseLost(let lease): self.init(.lease, "lost", "\(lease)")
        case .leaseShared(let lease, let twin):
            self.init(.lease, "shared", "\(lease), with \(twin)")
        case .leaseDoubtful(let lease): self.init(.lease, "doubtful", "\(lease)")
        case .grantFailed(let error, _): self.init(.lease, "failed", "\(error)")
        case .registered(let key, let lease, let revision):
            self.init(.instance(key), "registered", "lease \(lease), revision \(revision)")
        case .updated(let key, let state, let revision):
            self.init(.instance(key), "updated", "\(state.rawValue), revision \(revision)")
        case .lost(let key, .deleted): self.init(.instance(key), "lost", "deleted")
        case .lost(let key, .overwritten): self.init(.instance(key), "lost", "overwritten")
        case .contested(let key): self.init(.instance(key), "contested")
        case .refused(let key, let refusal): self.init(.instance(key), "refused", "\(refusal)")
        case .companionsHeld(let key, let held):
            self.init(.instance(key), "companion_held", held.joined(separator: ", "))
        case .claimFailed(let key, let error, _):
            self.init(.instance(key), "failed", "\(error)")
        case .withdrawn(let key): self.init(.instance(key), "deregistered")
        case .left(nil): self.init(.lease, "revoked")
        case .left(let error?): self.init(.lease, "not_revoked", "\(error)")
        case .paused: self.init(.lease, "left_for_next_run")
        case .lostAgain, .reclaimed: return nil
        }
    }

    private init?(_ report: WatchReport) {
        switch report {
        case .synced(let revision, let services, let endpoints, _, _):
            self.init(
                .list,
                "synced",
                "revision \(revision), \(services) services, \(endpoints) endpoints"
            )
        case .outOfSync(let reason): self.init(.list, "out_of_sync", reason)
        case .snapshotFailed(let error, _): self.init(.list, "failed", "\(error)")
        case .restored(let from, let to, let isOtherCluster):
            self.init(.list, isOtherCluster ? "other_cluster" : "restored", "\(from) to \(to)")
        case .massLoss(let held, let all): self.init(.list, "mass_loss", "\(held) of \(all) held")
        case .massLossEnded(let dropped): self.init(.list, "mass_loss_ended", "\(dropped) dropped")
        case .diverged(let keys, let inStore):
            self.init(.list, "diverged", "\(keys) keys, \(inStore) in etcd")
        case .limitsExceeded(let sizes):
            self.init(
                .list,
                sizes.isEmpty ? "within_limits" : "limits_exceeded",
                sizes.keys.sorted().map(\.text).joined(separator: ", ")
            )
        case .progressUnanswered: self.init(.list, "progress_unanswered")
        case .badRecord(let key, let fault): self.init(.list, "bad_record", "\(key): \(fault)")
        case .moreBadRecords, .badRecordEnded: return nil
        }
    }

    private init?(_ event: ConnectionEvent) {
        switch event {
        case .connected(let endpoint, let version):
            self.init(.connection, "connected", "\(endpoint), etcd \(version)")
        case .lost(let endpoint, let reason):
            self.init(.connection, "lost", "\(endpoint): \(reason)")
        case .attemptFailed(let endpoint, let error):
            self.init(.connection, "failed", "\(endpoint): \(error.message)")
        case .filesNeedCare(_, let sentence): self.init(.connection, "files", sentence)
        case .allFailed: return nil
        }
    }

    private init?(_ report: PublishReport) {
        switch report {
        case .written(let path, let revision, let bytes):
            self.init(.output(path), "written", "revision \(revision), \(bytes) bytes")
            isProgress = true
        case .unchanged(let path, let revision):
            self.init(.output(path), "unchanged", "revision \(revision)")
            isProgress = true
        case .kept(let path, let reason): self.init(.output(path), "kept", "\(reason)")
        case .failed(let error, _): self.init(.output(error.path), "failed", error.message)
        case .refused(let path, let fault): self.init(.output(path), "refused", fault.message)
        case .altered(let path): self.init(.output(path), "altered")
        case .abandoned(let path): self.init(.output(path), "abandoned")
        case .rejected(let path, let rejection):
            self.init(.output(path), "left_out", "\(rejection.subject): it \(rejection.fault)")
        case .rejectedMore, .rejectionEnded: return nil
        }
    }

    private init(_ report: ReloadReport) {
        switch report {
        case .done(let action, _):
            self.init(.consumer("\(action)"), "reloaded")
            isProgress = true
        case .failed(let action, let fault, _):
            self.init(.consumer("\(action)"), "failed", fault.message)
        }
    }

    private init(_ report: HealthReport) {
        switch report {
        case .up(let key): self.init(.instance(key), "healthy")
        case .down(let key, let reason), .reasonChanged(let key, let reason):
            self.init(.instance(key), "unhealthy", "\(reason)")
        case .dampingBegan(let key, let delay):
            self.init(.instance(key), "held_back", "for \(delay.text)")
        case .dampingEnded(let key): self.init(.instance(key), "steady")
        case .checkFailing(let key, let check, let saw, _):
            self.init(.instance(key), "check_failed", "\(check): \(saw)")
        }
    }

    private init(_ report: DrainReport) {
        switch report {
        case .continued(let target): self.init(.drain(target.name), "continued")
        case .began(let target, let span):
            self.init(.drain(target.name), "began", span.map { "for \($0.text)" } ?? "")
        case .ended(let target): self.init(.drain(target.name), "ended")
        case .expired(let target): self.init(.drain(target.name), "expired")
        }
    }

    private init?(_ report: LifeCycleReport) {
        switch report {
        case .listReceived: self.init(.list, "received")
        case .earlierListFound(_, let since):
            self.init(.list, "earlier_found", since.ISO8601Format())
        case .ready: self.init(.daemon, "ready")
        case .readyDegraded(let filesExist):
            self.init(.daemon, "ready_degraded", filesExist ? "" : "no files")
        case .stopping: self.init(.daemon, "stopping")
        }
    }
}
