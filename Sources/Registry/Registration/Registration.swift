import Machines

/// One instance that is to be in the store, and how far that is.
struct Registration: Sendable {
    enum State: Sendable {
        /// Not in the store. Can go to `claiming`, `withdrawing`.
        case unclaimed
        /// A claim is under way. Can go to `registered`, `refused`, `failed`, `unclaimed`.
        case claiming(LeaseID, DesiredRecord)
        /// In the store, as put at this revision, since then. Can go to `lost`, `unclaimed`,
        /// `claiming`, `withdrawing`.
        case registered(LeaseID, DesiredRecord, at: Revision, since: Duration)
        /// Was in the store, and somebody deleted or overwrote it. Can go to `claiming`, `unclaimed`,
        /// `withdrawing`.
        case lost(until: Duration)
        /// Somebody else has the key. Can go to `claiming`, `unclaimed`, `withdrawing`.
        case refused(Refusal, until: Duration)
        /// The last call had no answer or an error; the store may have done it all the same. Can go
        /// to `claiming`, `withdrawing`, `unclaimed`.
        case failed(StoreError, until: Duration)
        /// Being taken out. Can go to `withdrawn`, `failed`.
        case withdrawing(LeaseID)
        /// Taken out, and forgotten unless it is wanted again by now. Can go to `claiming`, `failed`.
        case withdrawn
    }

    var instance: ServiceInstance { didSet { mayNeedCall = true } }
    /// Its companion records.
    var companions: [CompanionRecord] { didSet { mayNeedCall = true } }
    /// The keys of companion records under our lease, as far as we may have put them.
    var standing: Set<String> = []
    /// When its companion records are to be looked after: no watch of ours hears of those keys.
    var reviewAt: Duration?
    /// The lease of the review that is under way.
    var reviewing: LeaseID?
    /// Under which lease and since which revision the store has an older record than the one that is being put.
    var older: (lease: LeaseID, revision: Revision)?
    /// Whether the claim under way puts what has been in the store already, as something else.
    var isUpdate = false
    /// Whether it is to be in the store; otherwise it is to leave it, and our memory then.
    var isWanted = true { didSet { mayNeedCall = true } }
    var state = State.unclaimed { didSet { mayNeedCall = true } }
    /// Whether something is perhaps to be done: not while it stands as it was found to be wanted. Of thousands nearly all
    /// stand so, and none of them is looked at after each event.
    var mayNeedCall = true
    /// The last news of the key that came while a call was under way; it may be newer than the
    /// call's answer.
    var heard: News?
    /// Delays after calls without an answer.
    var backoff: Backoff
    /// Delays between tries for a key that somebody else has.
    var refusalBackoff: Backoff
    /// Delays before a lost key is put again: at once or nearly so, and ever more slowly against
    /// something that keeps taking it away.
    var lossBackoff: Backoff
    /// The refusal that was said last, so that the same one is not said again.
    var lastRefusal: Refusal?
    /// The keys of companion records that another lease held at the last claim.
    var companionsHeld: [String] = []

    /// What was heard of the key.
    enum News: Sendable {
        case put(StoredRecord)
        case deleted(at: Revision)
    }

    init(
        _ instance: ServiceInstance,
        companions: [CompanionRecord] = [],
        settings: RegistrationMachine.Settings,
        generator: inout SeededGenerator
    ) {
        self.instance = instance
        self.companions = companions
        backoff = Backoff(settings.backoff, generator: generator.split())
        refusalBackoff = Backoff(settings.refusalBackoff, generator: generator.split())
        lossBackoff = Backoff(settings.backoff, generator: generator.split())
    }

    /// From this age on a registration has stood: the next loss is a new story.
    static let settledAge = Duration.seconds(10)

    /// Something keeps taking the key away.
    var isContested: Bool { lossBackoff.attempts > 3 }

    /// When a contested key has stood long enough.
    var settlesAt: Duration? {
        guard isContested, case .registered(_, _, _, let since) = state else { return nil }
        return since + Self.settledAge
    }

    var isRegistered: Bool {
        if case .registered = state { true } else { false }
    }

    /// Whether anything of it may be in the store under our lease.
    var mayStand: Bool {
        switch state {
        case .unclaimed, .lost, .refused, .withdrawn: !standing.isEmpty
        case .claiming, .registered, .failed, .withdrawing: true
        }
    }

    /// Whether a call for it is under way.
    var isBusy: Bool { leaseOfCall != nil }

    /// The lease of the call that is under way.
    var leaseOfCall: LeaseID? {
        switch state {
        case .claiming(let lease, _), .withdrawing(let lease): lease
        default: reviewing
        }
    }

    /// When it is to be looked after, while it stands.
    var reviewDue: Duration? {
        guard isWanted, reviewing == nil, case .registered = state else { return nil }
        return reviewAt
    }

    /// When it wants to try again; while it is looked after, the end of that moves it on.
    var retryAt: Duration? {
        if reviewing != nil { return nil }
        return switch state {
        case .refused(_, let until), .failed(_, let until), .lost(let until): until
        default: nil
        }
    }

    var status: RegistrationStatus {
        switch state {
        case .unclaimed, .lost, .withdrawing: .pending(nil)
        case .claiming: older.map { .updating(lease: $0, at: $1, nil) } ?? .pending(nil)
        case .registered(let lease, _, let revision, _): .registered(lease: lease, at: revision)
        case .refused(let refusal, _): .refused(refusal)
        case .failed(let error, _):
            older.map { .updating(lease: $0, at: $1, error.message) } ?? .pending(error.message)
        case .withdrawn: .withdrawn
        }
    }
}

/// The record that one key is to hold: the instance and its state, with its companion records.
struct DesiredRecord: Hashable, Sendable {
    let instance: ServiceInstance
    let state: EndpointState
    var companions: [CompanionRecord] = []
}
