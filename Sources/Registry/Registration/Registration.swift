/// One instance that is to be in the store, and how far that is.
struct Registration: Sendable {
    /// What is wanted of it.
    enum Wish: Sendable {
        /// To be in the store.
        case present
        /// To be out of the store for now.
        case absent
        /// To be out of the store and of our memory.
        case forgotten
    }

    enum State: Sendable {
        /// Not in the store. Can go to `claiming`, `withdrawn`.
        case unclaimed
        /// A claim is under way. Can go to `registered`, `refused`, `failed`, `unclaimed`.
        case claiming(LeaseID, ServiceInstance)
        /// In the store, as put at this revision. Can go to `unclaimed`, `claiming`, `withdrawing`.
        case registered(LeaseID, ServiceInstance, at: Revision)
        /// Somebody else has the key. Can go to `claiming`, `unclaimed`, `withdrawing`.
        case refused(Refusal, until: Duration)
        /// The last call had no answer or an error; the store may have done it all the same. Can go
        /// to `claiming`, `withdrawing`, `unclaimed`.
        case failed(StoreError, until: Duration)
        /// Being taken out. Can go to `withdrawn`, `failed`.
        case withdrawing
        /// Taken out. Can go to `claiming`.
        case withdrawn
    }

    var instance: ServiceInstance
    var wish = Wish.present
    var state = State.unclaimed
    /// The last news of the key that came while a call was under way; it may be newer than the
    /// call's answer.
    var heard: News?
    /// Delays after calls without an answer.
    var backoff: Backoff
    /// Delays between tries for a key that somebody else has.
    var refusalBackoff: Backoff
    /// The refusal that was said last, so that the same one is not said again.
    var saidRefusal: Refusal?

    /// What was heard of the key.
    enum News: Sendable {
        case put(StoredRecord)
        case deleted(at: Revision)
    }

    init(_ instance: ServiceInstance, backoff: Backoff, refusalBackoff: Backoff) {
        self.instance = instance
        self.backoff = backoff
        self.refusalBackoff = refusalBackoff
    }

    /// Whether a call for it is under way.
    var isBusy: Bool {
        switch state {
        case .claiming, .withdrawing: true
        default: false
        }
    }

    /// When it wants to try again.
    var retryAt: Duration? {
        switch state {
        case .refused(_, let until), .failed(_, let until): until
        default: nil
        }
    }

    var status: RegistrationStatus {
        switch state {
        case .unclaimed, .claiming, .withdrawing: .pending(nil)
        case .registered(let lease, _, let revision): .registered(lease: lease, at: revision)
        case .refused(let refusal, _): .refused(refusal)
        case .failed(let error, _): .pending(error.message)
        case .withdrawn: .withdrawn
        }
    }
}
