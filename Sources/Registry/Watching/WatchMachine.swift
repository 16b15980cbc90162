public import Machines

/// Decides how the list is kept equal to the store: list, watch after it, and when in doubt list
/// again.
///
/// A watch that broke, for whatever reason, is never resumed from where it was: the store may have
/// been compacted or restored meanwhile, and a watch at a future revision is silent and skips
/// events. A list costs little and is right; it is repeated until it succeeds, and until then the
/// old table stays.
public struct WatchMachine: StateMachine {
    /// An action for the driver.
    public enum Action: Equatable, Sendable {
        /// Read the whole state, page by page; urgently when there is nothing to go on with meanwhile.
        case list(isUrgent: Bool)
        /// Open this stream.
        case openWatch(stream: Int, after: SnapshotMark)
        /// Ask for progress on this stream.
        case askProgress(stream: Int)
        /// Give up this stream.
        case closeWatch(stream: Int)
        /// Ask the store how many keys there are, over this connection, and nothing else.
        case count(stream: Int, connection: Int)
        /// Ask the store how many keys there are, and which changed since.
        case summarize(since: Revision)
        /// The connection does not answer.
        case suspectConnection
        /// ``WatchMachine/newest`` has changed, or was read anew. Said once until the driver gets to it,
        /// however much changes meanwhile.
        case publish(isReadAnew: Bool)
        /// Tell what was heard of keys.
        case tell(KeyNews)
        /// Tell what happened to endpoints.
        case tellChanges([EndpointChange])
        /// Report.
        case report(WatchReport)
    }

    /// An open stream, and how sure we are that it lives.
    struct Stream: Sendable {
        let id: Int
        let connection: Int
        let opened: Duration
        /// When it wants to be asked, or to have answered.
        var due: Duration
        /// Questions with no answer after them.
        var unanswered = 0
        /// Whether its first news is here, which says that it is there.
        var isOpen = false
        /// Whether it ever answered a request for progress.
        var hasAnswered = false
        /// Where the list stood when the first question without an answer was asked: no read that began later can
        /// stand before that, though it may stand before what the stream has told since.
        var askedAt = Revision.zero
        /// Whether a read was answered that began after the request for progress that was not.
        var isReadAnswered = false
    }

    enum State: Sendable {
        /// Not started. Can go to `listing`.
        case idle
        /// The whole state is being read. Can go to `watching` and `waiting`, and to `listing` when it was read for
        /// fewer services than are wanted by now.
        case listing
        /// The last snapshot failed, or a watch broke. Can go to `listing`.
        case waiting(until: Duration)
        /// A stream is open after a snapshot. Can go to `waiting`, `listing`.
        case watching(Stream)
    }

    let settings: Settings
    var state = State.idle
    var reader: EndpointTableReader
    var guarding: LossGuard
    var audit: AuditMachine
    var progress = ProgressSupport()
    var badRecords = BadRecordReports()
    var backoff: Backoff
    var streams = 0
    var clusterID: ClusterID?
    private var raftTerm: UInt64 = 0
    /// The last change that is in the table, or the snapshot it was read from.
    public internal(set) var revision = Revision.zero
    var hasReportedOutOfSync = true
    var nextSizeReview: Duration?
    /// Whether the list that is being read was begun for fewer services than are wanted by now.
    var isListTooSmall = false

    /// A machine that has not started.
    ///
    /// - Parameter generator: Decides all jitter.
    public init(_ settings: Settings, generator: SeededGenerator) {
        self.settings = settings
        reader = EndpointTableReader(prefix: settings.prefix, hold: settings.hold)
        reader.selection = settings.selection
        reader.covered = settings.selection
        reader.limits = settings.limits
        guarding = LossGuard(.init(window: settings.ttl, hold: settings.lossHold))
        var generator = generator
        audit = AuditMachine(
            every: settings.auditEvery,
            again: settings.patience,
            pause: settings.comparisonPause,
            generator: generator.split()
        )
        backoff = Backoff(settings.backoff, generator: generator)
    }

    /// The list as it is known; `nil` before the first.
    public var newest: TableUpdate? {
        clusterID.map {
            TableUpdate(
                table: table,
                clusterID: $0,
                revision: revision,
                held: guarding.held,
                selection: reader.covered,
                oversized: reader.oversized
            )
        }
    }

    /// The list as it is known.
    public var table: EndpointTable { reader.table }

    // MARK: events

    /// How long a mass loss may be held has changed.
    public mutating func lossHoldChanged(to hold: Duration, at now: Duration) -> [Action] {
        guarding.settings.hold = hold
        return timePassed(to: now)
    }

    /// The stream has news, or proved that it lives.
    public mutating func newsArrived(
        _ news: WatchNews,
        on stream: Int,
        at now: Duration
    ) -> [Action] {
        guard case .watching(var current) = state, current.id == stream else { return [] }
        // Possibly a restored store, possibly a member that lags: a linearizable list tells.
        guard news.revision >= revision, news.clusterID == clusterID else {
            return [.closeWatch(stream: stream)]
                + streamLost(
                    "the member is at revision \(news.revision), behind our \(revision)",
                    now
                )
        }
        termHeard(news.raftTerm, at: now)
        if news.events.isEmpty, current.isOpen {
            current.hasAnswered = true
            progress.answered()
        }
        current.isOpen = true
        // Through a proxy what one change shows proves nothing about the others.
        if !progress.isAbsent {
            // An answer leaves the next question where it is, so that one alarm does: an alarm for an instant that
            // has moved on goes off in vain, and wakes two threads each time.
            if current.unanswered == 0 { current.due = now + settings.patience }
            current.unanswered = 0
        }
        state = .watching(current)
        // A stream that ends as soon as it is opened must not be opened again at full speed.
        if now - current.opened >= Self.settledAge { backoff.reset() }
        // What is not newer than the table was in the snapshot already, or is told twice.
        let events = news.events.filter { $0.revision > revision }
        guard let last = events.last else { return [] }
        let allFitted = reader.excess.isEmpty
        let reading = reader.apply(events, at: now)
        // Not at once: a service that grows past others changes the decision with each message.
        if allFitted { nextSizeReview = now + settings.sizeReview }
        revision = max(revision, last.revision)
        let losses = guardLosses(reading.lost, heard: reading.heard, at: now)
        let reports = badRecords.limited(reading.reports, at: now) + losses.reports
        var actions = reports.map(Action.report)
        actions.append(.tell(.events(events)))
        actions += changed(reading)
        // Also when no endpoint of it has changed: how far it has come is waited for, and sizes are told.
        actions.append(.publish(isReadAnew: false))
        // So many: a linearizable list is asked before anything else is believed.
        if losses.isMass { actions += listAgain() }
        return actions
    }

    /// Tells what happened to endpoints, after it was decided which losses are believed.
    func changed(_ reading: EndpointTableReader.Reading) -> [Action] {
        guard !reading.changes.isEmpty else { return [] }
        guard !guarding.held.isEmpty else { return [.tellChanges(reading.changes)] }
        return [
            .tellChanges(reading.changes.map { guarding.held[$0.key] == nil ? $0 : $0.held })
        ]
    }

    /// Decides about endpoints that disappeared, and about held ones that are there again.
    mutating func guardLosses(
        _ lost: [Endpoint],
        heard: [ServiceKey],
        at now: Duration
    ) -> (reports: [WatchReport], isMass: Bool) {
        if !guarding.held.isEmpty {
            for key in heard { guarding.heard(of: key) }
        }
        var reports: [WatchReport] = []
        var isMass = false
        if !lost.isEmpty {
            let verdict = guarding.lost(lost, remaining: reader.table.endpointCount, at: now)
            if case .massLoss(let lost, let all) = verdict {
                isMass = true
                reports.append(.massLoss(held: lost, of: all))
            }
        }
        if guarding.settled() { reports.append(.massLossEnded(dropped: guarding.dropped)) }
        return (reports, isMass)
    }

    mutating func termHeard(_ term: UInt64, at now: Duration) {
        if raftTerm != 0, term > raftTerm { guarding.faultSuspected(at: now) }
        raftTerm = max(raftTerm, term)
    }

    /// The store told how many keys there are and which changed.
    public mutating func summaryArrived(_ summary: KeySummary, at now: Duration) -> [Action] {
        guard case .watching = state else { return [] }
        let ours = reader.summary(since: audit.since)
        guard audit.compared(ours, with: summary, at: now) == .diverged else { return [] }
        return [.report(.diverged(keys: ours.count, inStore: summary.count))] + listAgain()
    }

    /// The question for a summary had no answer: the next one will do.
    public mutating func summaryFailed(at now: Duration) -> [Action] {
        audit.failed(at: now)
        return []
    }

    /// The stream ended.
    public mutating func watchEnded(
        _ stream: Int,
        because error: StoreError,
        at now: Duration
    ) -> [Action] {
        guard case .watching(let current) = state, current.id == stream else { return [] }
        return streamLost(error.message, now)
    }

    /// The store answers again: what waits need not wait longer.
    public mutating func storeReconnected(at now: Duration) -> [Action] {
        guard case .waiting(let until) = state else { return [] }
        // Not at once: every host of the fleet hears of it at the same instant.
        state = .waiting(until: min(until, now + backoff.jitter()))
        return []
    }

    /// From this age on a stream has proved that it lives.
    private static let settledAge = Duration.seconds(2)

    // MARK: time

    /// As ``StateMachine/deadline`` says.
    public var deadline: Duration? {
        let next: Duration? =
            switch state {
            case .idle, .listing: nil
            case .waiting(let until): until
            case .watching(let stream): stream.due
            }
        return [
            next, reader.nextExpiry, guarding.deadline, auditDeadline, sizeDeadline,
            badRecords.deadline,
        ]
        .compactMap { $0 }.min()
    }

    /// While something is left out for its size, it is looked at now and then.
    private var sizeDeadline: Duration? {
        guard case .watching = state, !reader.excess.isEmpty else { return nil }
        return nextSizeReview
    }

    private var auditDeadline: Duration? {
        if case .watching = state { audit.deadline } else { nil }
    }

    /// As ``StateMachine/timePassed(to:)`` says.
    public mutating func timePassed(to now: Duration) -> [Action] {
        var actions = badRecords.timePassed(to: now).map(Action.report)
        let expired = reader.dropExpired(at: now)
        let dropped = guarding.giveUp(at: now)
        let gone =
            expired.map { EndpointChange($0, .expired, at: revision) }
            + dropped.map { EndpointChange($0, .dropped, at: revision) }
        if guarding.settled() {
            actions.append(.report(.massLossEnded(dropped: guarding.dropped)))
        }
        if !gone.isEmpty, clusterID != nil {
            actions += [.tellChanges(gone), .publish(isReadAnew: false)]
        }
        if case .watching = state, audit.timePassed(to: now) {
            actions.append(.summarize(since: audit.since))
        }
        if let due = sizeDeadline, due <= now {
            nextSizeReview = now + settings.sizeReview
            if reader.fitsOtherwise { return actions + listAgain() }
        }
        switch state {
        case .waiting(let until) where until <= now:
            actions += beginList()
        case .watching(let stream) where stream.due <= now:
            actions += waitedInVain(for: stream, at: now)
        default: break
        }
        return actions
    }

    // MARK: parts

    mutating func streamLost(_ reason: String, _ now: Duration) -> [Action] {
        guarding.faultSuspected(at: now)
        state = .waiting(until: now + backoff.next())
        return outOfSync(reason)
    }

    mutating func outOfSync(_ reason: String) -> [Action] {
        guard !hasReportedOutOfSync else { return [] }
        hasReportedOutOfSync = true
        return [.report(.outOfSync(reason: reason))]
    }

    /// Of what is waiting to be published the newest is enough.
    public static func enqueue(_ actions: [Action], in pending: inout [Action]) {
        for action in actions {
            if case .publish = action, pending.contains(where: \.isPublish) { continue }
            pending.append(action)
        }
    }
}

extension WatchMachine.Action {
    fileprivate var isPublish: Bool {
        if case .publish = self { true } else { false }
    }
}
