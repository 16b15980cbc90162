import EndpointFiles
import Etcd
import Files
import FoundationEssentials
import HealthChecks
import Programs
import Registry
import Synchronization
import Texts

/// Keeps the last events in memory, so that what led to a state can be shown later.
///
/// Bounded twice: a subject (a service's instance, an output file, a consumer, the list, …) keeps so many events, so
/// that one that is in trouble again and again pushes out nobody else's; and all together take so many bytes.
final class EventHistory: Sendable {
    /// One event.
    struct Entry: Hashable, Sendable {
        /// When it happened, by the wall clock.
        var time: Date
        /// The order of events, also of those with the same time.
        var number: Int
        /// What it is about.
        var subject: Subject
        /// What happened, as one word: `registered`, `lost`, `check_failed`.
        var kind: String
        /// What is to be said of it beside that; empty where there is nothing.
        var detail: String
    }

    /// What an event is about.
    enum Subject: Hashable, Sendable {
        case instance(ServiceKey)
        case output(String)
        case consumer(String)
        case drain(String)
        case lease
        case list
        case connection
        case configuration
        case daemon
    }

    private struct State {
        var entries: [Subject: [Entry]] = [:]
        var number = 0
        var bytes = 0
    }

    /// The most bytes of a detail that are kept; a peer may have written it.
    static let longestDetail = 512

    private let perSubject: Int
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - perSubject: How many events of one subject are kept.
    ///   - bytes: How much memory all of them may take.
    init(perSubject: Int = 32, bytes: Int = 2 << 20) {
        self.perSubject = perSubject
        limit = bytes
    }

    /// Notes an event, if it is one to be remembered.
    func record(_ event: DaemonEvent, at time: Date) {
        guard let note = EventNote(event) else { return }
        record(note, at: time)
    }

    func record(_ note: EventNote, at time: Date) {
        state.withLock { state in
            state.number += 1
            let entry = Entry(
                time: time,
                number: state.number,
                subject: note.subject,
                kind: note.kind,
                detail: Self.cut(note.detail)
            )
            var known = state.entries[note.subject] ?? []
            if note.isProgress, known.last?.kind == note.kind, let last = known.popLast() {
                state.bytes -= last.cost
            } else if known.count >= perSubject {
                state.bytes -= known.removeFirst().cost
            }
            known.append(entry)
            state.bytes += entry.cost
            state.entries[note.subject] = known
            if state.bytes > limit { dropOldest(&state) }
        }
    }

    /// The events that are kept, the oldest first.
    ///
    /// - Parameters:
    ///   - service: Only those of its instances.
    ///   - number: Only those after this one.
    func snapshot(of service: ServiceName? = nil, after number: Int = 0) -> [Entry] {
        state.withLock { state in
            let kept = state.entries.filter { subject, _ in
                guard let service else { return true }
                if case .instance(let key) = subject { return key.service == service }
                return false
            }
            return kept.values.joined().filter { $0.number > number }
                .sorted { $0.number < $1.number }
        }
    }

    /// How much memory the events take, as it is counted.
    var bytes: Int { state.withLock { $0.bytes } }

    /// Drops the oldest quarter: rarely, so that a flood pays little for it.
    private func dropOldest(_ state: inout State) {
        let all = state.entries.values.joined().sorted { $0.number > $1.number }
        var (kept, first) = (0, Int.max)
        for entry in all {
            kept += entry.cost
            guard kept <= limit / 4 * 3 else { break }
            first = entry.number
        }
        state.entries = state.entries.compactMapValues { entries in
            let left = entries.filter { $0.number >= first }
            return left.isEmpty ? nil : left
        }
        state.bytes = state.entries.values.joined().reduce(0) { $0 + $1.cost }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > longestDetail else { return text }
        // A character that is cut in two is replaced, so that this stays text.
        return String(decoding: text.utf8.prefix(longestDetail), as: UTF8.self)
    }
}

extension EventHistory.Entry {
    /// How much memory it takes: itself twice, for an array has room to grow, its texts with what an allocation costs
    /// beside them, and a share of the subject's.
    fileprivate var cost: Int {
        2 * MemoryLayout<Self>.stride + 128 + kind.utf8.count + detail.utf8.count
    }
}

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
        // What the checks say is reported by themselves.
        case .services, .registrar: return nil
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
        case .spillBegan(let path, let service):
            self.init(.output(path), "spill_began", service.text)
        case .spillEnded(let path, let service):
            self.init(.output(path), "spill_ended", service.text)
        case .rejectedMore, .rejectionEnded, .spillsMore: return nil
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
