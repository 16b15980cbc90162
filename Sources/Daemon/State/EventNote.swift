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
    /// The revision of the registry at which it happened, where it has one.
    var revision: Revision?
    /// Whether it says only that something goes on well: of several in a row the last is enough.
    var isProgress = false

    init(
        _ subject: EventHistory.Subject,
        _ kind: String,
        _ detail: String = "",
        at revision: Revision? = nil
    ) {
        self.subject = subject
        self.kind = kind
        self.detail = detail
        self.revision = revision
    }

    /// `nil` for what is not worth remembering.
    init?(_ event: DaemonEvent) {
        switch event {
        case .registration(let report): self.init(report)
        case .watch(let report): self.init(report)
        case .connection(let event): self.init(event)
        case .publish(let report): self.init(report)
        case .reload(let report): self.init(report)
        case .runtime(let report): self.init(report)
        case .health(let report): self.init(report)
        case .drain(let report): self.init(report)
        case .configuration(.applied): self.init(.configuration, "applied")
        case .configuration(.refused(let faults)):
            self.init(.configuration, "refused", "\(faults.count) errors")
        case .configuration(.doubtful), .configuration(.partRefused), .configuration(.needsRestart),
            .configuration(.reloaded):
            return nil
        case .lifeCycle(let report): self.init(report)
        case .endpointsDiffer(let mixture):
            self.init(.connection, "endpoints_differ", mixture.description)
        // What the checks say is reported by themselves; changes of endpoints are many in one event.
        case .services, .registrar, .endpoints: return nil
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
            self.init(.instance(key), "registered", "lease \(lease)", at: revision)
        case .updated(let key, let state, let revision):
            self.init(.instance(key), "updated", state.rawValue, at: revision)
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
                "\(services) services, \(endpoints) endpoints",
                at: revision
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
        // Told of the endpoint.
        case .badRecord, .moreBadRecords, .badRecordEnded: return nil
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
            self.init(.output(path), "written", "\(bytes) bytes", at: revision)
            isProgress = true
        case .unchanged(let path, let revision):
            self.init(.output(path), "unchanged", at: revision)
            isProgress = true
        case .kept(let path, let reason): self.init(.output(path), "kept", "\(reason)")
        case .failed(let error, _): self.init(.output(error.path), "failed", error.message)
        case .refused(let path, let fault): self.init(.output(path), "refused", fault.message)
        case .altered(let path): self.init(.output(path), "altered")
        case .abandoned(let path): self.init(.output(path), "abandoned")
        case .rejected(let path, let rejection):
            self.init(leftOut: rejection, of: path)
        case .rejectionEnded(let path, let rejection):
            self.init(shownAgain: rejection, in: path)
        case .spillBegan(let path, let service):
            self.init(.output(path), "spill_began", service.text)
        case .spillEnded(let path, let service):
            self.init(.output(path), "spill_ended", service.text)
        case .rejectedMore, .spillsMore: return nil
        }
    }

    // An endpoint that a file leaves out is told of the endpoint, a whole service of the file.

    private init(leftOut rejection: Rejection, of path: String) {
        if let key = rejection.key {
            self.init(.endpoint(key), "left_out", "of \(path): it \(rejection.fault)")
        } else {
            self.init(.output(path), "left_out", "\(rejection.service): it \(rejection.fault)")
        }
    }

    private init(shownAgain rejection: Rejection, in path: String) {
        if let key = rejection.key {
            self.init(.endpoint(key), "shown_again", "in \(path)")
        } else {
            self.init(.output(path), "shown_again", rejection.service.text)
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

    private init?(_ report: RuntimeReport) {
        switch report {
        case .applied(let path, let commands):
            self.init(.output(path), "applied", "\(commands) commands")
            isProgress = true
        case .reloadNeeded(let path, let reason):
            self.init(.output(path), "reload_needed", reason)
        case .reloadRefused(let path, let fault):
            self.init(.output(path), "reload_refused", fault.message)
        case .unreachable(let path, let fault):
            self.init(.output(path), "haproxy_unreachable", fault.message)
        case .reachable(let path): self.init(.output(path), "haproxy_reachable")
        case .different(let path, let reason):
            self.init(.output(path), "haproxy_differs", reason)
        case .setByHand(let path, let settings, _):
            self.init(.output(path), "set_by_hand", settings.joined(separator: "; "))
        case .processChanged(let path, let pid):
            self.init(.output(path), "haproxy_replaced", "pid \(pid)")
        case .deleted: return nil
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
        case .continued(let target): self.init(.drain(target), "continued")
        case .began(let target, let span):
            self.init(.drain(target), "began", span.map { "for \($0.text)" } ?? "")
        case .ended(let target): self.init(.drain(target), "ended")
        case .expired(let target): self.init(.drain(target), "expired")
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

extension EventNote {
    /// Notes what happened to an endpoint of the list.
    init(_ change: EndpointChange) {
        let (kind, detail) = Self.words(of: change.kind)
        self.init(.endpoint(change.key), kind, detail, at: change.revision)
    }

    private static func words(of kind: EndpointChange.Kind) -> (kind: String, detail: String) {
        switch kind {
        case .appeared(let endpoint): ("appeared", description(of: endpoint))
        case .changed(let before, let after) where before.state != after.state:
            (after.state.rawValue, differences(from: before, to: after).joined(separator: ", "))
        case .changed(let before, let after):
            ("changed", differences(from: before, to: after).joined(separator: ", "))
        case .left: ("left", "its host deregistered it")
        case .vanished(let endpoint):
            (
                "vanished",
                endpoint.lease == .none
                    ? "its key, which had no lease, was deleted"
                    : "lease \(endpoint.lease) ended, or its key was deleted"
            )
        case .held:
            ("held", "gone right after trouble with etcd: shown until that turns out to be true")
        case .dropped: ("dropped", "it did not come back")
        case .invalid(let fault): ("invalid", fault.description)
        case .expired: ("expired", "its record was invalid for too long")
        }
    }

    private static func description(of endpoint: Endpoint) -> String {
        let instance = endpoint.instance
        var parts = [
            instance.address.joined(port: instance.port), "weight \(instance.weight)",
        ]
        if let zone = instance.zone { parts.append("zone \(zone)") }
        if endpoint.state != .up { parts.append(endpoint.state.rawValue) }
        if endpoint.lease == .none { parts.append("without a lease") }
        return parts.joined(separator: ", ")
    }

    /// What of an endpoint is otherwise, apart from its state; what is long is only named.
    private static func differences(from before: Endpoint, to after: Endpoint) -> [String] {
        let (old, new) = (before.instance, after.instance)
        var parts: [String] = []
        let addresses = [old, new].map { $0.address.joined(port: $0.port) }
        if addresses[0] != addresses[1] {
            parts.append("address \(addresses[0]) to \(addresses[1])")
        }
        if old.weight != new.weight { parts.append("weight \(old.weight) to \(new.weight)") }
        if old.zone != new.zone {
            parts.append("zone \(old.zone ?? "none") to \(new.zone ?? "none")")
        }
        if old.tags != new.tags { parts.append("tags") }
        if old.meta != new.meta { parts.append("meta") }
        if before.owner != after.owner { parts.append("owner") }
        if before.lease != after.lease { parts.append("lease \(before.lease) to \(after.lease)") }
        return parts.isEmpty && before.state == after.state ? ["written again"] : parts
    }
}

extension Rejection {
    /// The endpoint; `nil` when it is the whole service.
    fileprivate var key: ServiceKey? {
        instance.map { ServiceKey(service: service, instance: $0) }
    }
}
