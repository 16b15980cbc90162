import Files
import Machines
import Programs
import Registry

/// One output: what its file holds, what has changed since, and when that is to be written.
struct OutputState: Sendable {
    /// Where it is. The steps of a write carry its number, so that the outcome of one that was given up is not
    /// taken for that of another.
    enum Step: Equatable, Sendable {
        /// Nothing is under way. Can go to `looking`, `writing`.
        case idle
        /// It is looked whether there is a file to be kept. Can go to `idle`, `writing`.
        case looking(number: Int, KeepReason)
        /// The list is rendered, compared with what the file holds and, where no program has a say, put in the
        /// place of the file. Can go to `idle`, `failed`; where a program has a say to `making`, `staging`; with a
        /// template that cannot be rendered to `refused`.
        case writing(number: Int)
        /// The output's command makes the content from the list. Can go to `staging`, `refused`.
        case making(number: Int)
        /// The content is put beside the file, unless the file holds it. Can go to `checking`, `committing`,
        /// `idle`, `failed`.
        case staging(number: Int)
        /// The output's check looks at what was put beside the file. Can go to `committing`, `refused`.
        case checking(number: Int)
        /// What was put beside the file takes its place. Can go to `idle`, `failed`.
        case committing(number: Int)
        /// The last write failed. Can go to `looking`, `writing`.
        case failed(FileError, until: Duration)
        /// A program refused the last list, or a template could not be rendered over it. Can go to `looking`, `writing`: with the next change, or for
        /// another try of the same list; and to `idle` when the configuration is read again.
        case refused(ProgramFault, until: Duration)

        /// The number of the write that is under way.
        var write: Int? {
            switch self {
            case .writing(let number), .making(let number), .staging(let number),
                .checking(let number), .committing(let number):
                number
            case .idle, .looking, .failed, .refused: nil
            }
        }

        /// Whether it waits for the outcome of something.
        var isUnderWay: Bool {
            switch self {
            case .looking, .writing, .making, .staging, .checking, .committing: true
            case .idle, .failed, .refused: false
            }
        }
    }

    /// How long a refused list is left alone. It may not be the list that is at fault, but what the
    /// program reads beside it.
    private static let refusedFor = Duration.seconds(60)

    let specification: EndpointOutput
    var step = Step.idle
    private(set) var isBehind: Bool
    /// Until when nothing is written: a file that changes all the time leaves half of a core to others.
    private var restsUntil = Duration.zero
    /// The revision of the list that the file holds.
    private(set) var held: Revision?
    /// The first and the last change that is not in the file, of an output whose changes may be applied without a
    /// reload.
    private var changed: (first: Duration, last: Duration)?
    /// Whether the changes of the write under way were gathered for the time that the output waits.
    private var hasGathered = false
    /// The reason why the file is not updated.
    private(set) var kept: KeepReason?
    /// The failure that was reported last, so that the same one is not reported again.
    private var lastFailure: FileError?
    /// The same of refusals.
    private var lastRefusal: ProgramFault?
    private var backoff: Backoff
    /// When the first of the changes came that are gathered, and when they are written.
    private var gathering: (since: Duration, due: Duration)?
    /// Since when there have been too few endpoints.
    private var tooFewSince: Duration?
    /// When the file is no longer kept for that.
    private var keptUntil: Duration?
    /// When the first of the endpoints has to go that are shown although they are lost.
    private var shownUntil: Duration?
    /// When one of the choices between zones changes that the file holds.
    private var chosenUntil: Duration?

    init(_ specification: EndpointOutput, isBehind: Bool, backoff: Backoff) {
        self.specification = specification
        self.isBehind = isBehind
        self.backoff = backoff
    }

    var status: OutputStatus {
        switch step {
        case .failed(let error, _): .failed(error)
        case .refused(let fault, _): .refused(fault)
        // Tried again, and not yet better.
        case .looking, .writing, .making, .staging, .checking, .committing:
            lastRefusal.map(OutputStatus.refused) ?? lastFailure.map(OutputStatus.failed)
                ?? .pending
        case .idle: kept.map(OutputStatus.kept) ?? held.map(OutputStatus.current) ?? .waiting
        }
    }

    /// Whether a program has accepted what takes the place of the file.
    var isChecked: Bool {
        if case .committing = step { specification.check != nil } else { false }
    }

    /// Whether the file holds a list of this run, or is kept on purpose.
    var isServed: Bool { held != nil || kept != nil }

    /// Whether all that changed in it up to now is in the file.
    var isUpToDate: Bool {
        if case .idle = step { !isBehind } else { false }
    }

    // MARK: changes

    /// There is a newer list.
    mutating func listChanged(from before: TableUpdate?, to list: TableUpdate, at now: Duration) {
        if let before, specification.isCovered(by: before),
            !specification.shows(aDifferenceOf: list, from: before)
        {
            return
        }
        isBehind = true
        let wait = specification.wait
        guard wait.min > .zero, isServed else { return }
        if specification.hasRuntime {
            changed = (changed?.first ?? now, now)
            // Only what takes a reload is gathered; that shows when the list is rendered, or has shown.
            if case .refused = step {} else if gathering == nil { return }
        }
        let since = gathering?.since ?? now
        gathering = (since, min(now + wait.min, since + wait.max))
    }

    /// All of the newest list has to be looked at, now.
    mutating func becameDoubtful() {
        isBehind = true
        gathering = nil
    }

    /// Somebody is at work on the configuration: what was refused may do now.
    mutating func configurationConfirmed() {
        guard case .refused = step else { return }
        step = .idle
        becameDoubtful()
    }

    // MARK: what to do

    /// When something is to be done without any news.
    ///
    /// - Parameter latest: The list that there is; nothing is written of one that is not of the output's services.
    func deadline(with latest: TableUpdate?) -> Duration? {
        let ready = max(gathering?.due ?? .zero, restsUntil)
        let begin: Duration? =
            switch step {
            case .failed(_, let until): max(until, ready)
            // Another list may do; whoever asks about it could not be asked about this one.
            case .refused(let fault, let until):
                isBehind && fault.code != .notDone ? min(until, ready) : max(until, restsUntil)
            case .idle: isBehind ? ready : nil
            case .looking, .writing, .making, .staging, .checking, .committing: nil
            }
        let isOfUse = begin != nil && latest.map(specification.isCovered(by:)) ?? false
        return [isOfUse ? begin : nil, keptUntil, shownUntil, chosenUntil].compactMap { $0 }.min()
    }

    /// Notes what time alone has changed.
    mutating func timePassed(to now: Duration) {
        if let until = shownUntil, until <= now {
            shownUntil = nil
            becameDoubtful()
        }
        if let until = chosenUntil, until <= now {
            chosenUntil = nil
            // What is gathered meanwhile is not written sooner for it.
            isBehind = true
        }
        if case .refused(_, let until) = step, until <= now { becameDoubtful() }
        if let until = keptUntil, until <= now {
            keptUntil = nil
            becameDoubtful()
        }
    }

    /// Returns the list to write now, or the reason to keep the file; `nil` when there is nothing to do.
    mutating func next(of latest: TableUpdate, at now: Duration) -> (TableUpdate, KeepReason?)? {
        // A list that is not of its services would empty it.
        guard isBehind, specification.isCovered(by: latest) else { return nil }
        switch step {
        case .looking, .writing, .making, .staging, .checking, .committing: return nil
        case .failed(_, let until) where until > now: return nil
        case .refused(let fault, let until) where fault.code == .notDone && until > now: return nil
        case .idle, .failed, .refused: break
        }
        if let gathering, gathering.due > now { return nil }
        guard restsUntil <= now else { return nil }
        let (list, until) = latest.shown(holding: specification.hold, at: now)
        shownUntil = until
        return (list, reasonToKeep(list, at: now))
    }

    private mutating func reasonToKeep(_ list: TableUpdate, at now: Duration) -> KeepReason? {
        guard specification.onEmpty == .keep || specification.minEndpoints > 0 else { return nil }
        let count = specification.count(in: list.table)
        if count == 0, specification.onEmpty == .keep { return .empty }
        guard count < specification.minEndpoints else {
            tooFewSince = nil
            return nil
        }
        let since = tooFewSince ?? now
        tooFewSince = since
        return now < since + specification.hold
            ? .tooFew(count, minEndpoints: specification.minEndpoints) : nil
    }

    mutating func writeBegan(_ number: Int) {
        step = .writing(number: number)
        isBehind = false
        hasGathered = gathering != nil
        gathering = nil
    }

    /// The list of the write was rendered, and the choices between zones in it stand until then.
    mutating func zonesChosen(until: Duration?) { chosenUntil = until }

    /// The list of a write takes a reload of HAProxy, and those are gathered.
    ///
    /// - Returns: Whether it waits; that write is then given up.
    mutating func gathersReload(_ number: Int, at now: Duration) -> Bool {
        let wait = specification.wait
        guard specification.hasRuntime, step == .writing(number: number), !hasGathered,
            let changed
        else { return false }
        let due = min(changed.last + wait.min, changed.first + wait.max)
        guard due > now else { return false }
        step = .idle
        isBehind = true
        gathering = (changed.first, due)
        return true
    }

    /// A step of a write has ended well.
    ///
    /// - Returns: Whether the next one begins; not when that write was given up.
    mutating func stepEnded(_ ended: Step, next: Step) -> Bool {
        guard step == ended else { return false }
        step = next
        return true
    }

    mutating func lookBegan(_ number: Int, _ reason: KeepReason) {
        step = .looking(number: number, reason)
    }

    /// There is a file, and it stays as it is.
    ///
    /// - Returns: Whether that is news.
    mutating func fileKept(because reason: KeepReason) -> Bool {
        step = .idle
        isBehind = false
        gathering = nil
        changed = nil
        lastRefusal = nil
        if case .tooFew = reason {
            keptUntil = tooFewSince.map { $0 + specification.hold }
        } else {
            keptUntil = nil
        }
        defer { kept = reason }
        return kept != reason
    }

    /// Whether a new list could be written now.
    func isReady(at now: Duration) -> Bool {
        !step.isUnderWay && restsUntil <= now
    }

    /// Until when no new list is of any use; `nil` while that does not depend on time.
    var readyFrom: Duration? { step.isUnderWay ? nil : restsUntil }

    /// - Parameter cost: What it took of a processor. As long as that the next write waits.
    mutating func writeEnded(_ revision: Revision, cost: Duration, at now: Duration) {
        restsUntil = now + cost
        step = .idle
        // Of those that came meanwhile the first is as good as now.
        changed = isBehind ? (now, now) : nil
        hasGathered = false
        held = revision
        kept = nil
        keptUntil = nil
        lastFailure = nil
        lastRefusal = nil
        backoff.reset()
    }

    /// - Parameter cost: What it took of a processor. As long as that the next write waits.
    /// - Returns: Whether the refusal is news.
    mutating func listRefused(_ fault: ProgramFault, cost: Duration, at now: Duration) -> Bool {
        restsUntil = now + cost
        let delay =
            switch fault.code {
            case .refused, .notRendered: Self.refusedFor
            case .notDone: backoff.next()
            }
        step = .refused(fault, until: now + delay)
        changed = nil
        defer { lastRefusal = fault }
        return lastRefusal.map { !$0.isSame(as: fault) } ?? true
    }

    /// - Returns: The delay before the next try, and whether the failure is news.
    mutating func writeFailed(_ error: FileError, at now: Duration) -> (Duration, isNews: Bool) {
        let delay = backoff.next()
        let isNews = lastFailure != error
        step = .failed(error, until: now + delay)
        changed = nil
        lastFailure = error
        // Whatever the writer had, the next try renders all of the newest list.
        becameDoubtful()
        return (delay, isNews)
    }
}
