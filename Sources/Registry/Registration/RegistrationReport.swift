/// What the registration reports to whoever logs and counts.
public enum RegistrationReport: Sendable {
    /// A lease is ours; with the time to live that the store chose.
    case leaseGranted(LeaseID, LeaseTerm)
    /// The lease of an earlier run lives on and is ours again, with the keys under it.
    case leaseContinued(LeaseID, LeaseTerm)
    /// The store says that the lease is gone; a new one is asked for.
    case leaseLost(LeaseID)
    /// Another machine, there, goes on with our lease: this one was copied from it or it from this one.
    /// A new lease is asked for; the old one is theirs.
    case leaseShared(LeaseID, with: String)
    /// No answer has come for a whole time to live: the keys may be gone. Said once; registration
    /// goes on as soon as the store answers.
    case leaseDoubtful(LeaseID)
    /// No lease could be had; tried again after the delay.
    case grantFailed(StoreError, retryIn: Duration)
    /// The instance is in the store.
    case registered(ServiceKey, lease: LeaseID, at: Revision)
    /// The instance was in the store and is now as it is wanted since: as another one, or draining, or no
    /// longer so.
    case updated(ServiceKey, EndpointState, at: Revision)
    /// The instance had been in the store and is not, or not as we put it. It is put again.
    case lost(ServiceKey, KeyLoss)
    /// Something keeps deleting or overwriting the key. It is put again ever more slowly; until it has
    /// stood for a while each round is a `lostAgain` and a `reclaimed`, and then a `registered`.
    case contested(ServiceKey)
    /// A contested key was lost once more.
    case lostAgain(ServiceKey)
    /// A contested key is in the store once more.
    case reclaimed(ServiceKey)
    /// Somebody else has the key. Tried again when it is freed, and now and then.
    case refused(ServiceKey, Refusal)
    /// The instance is in the store, but its companion records under these keys are not: another lease
    /// holds them. Said when they change.
    case companionsHeld(ServiceKey, [String])
    /// The claim had no answer or an error; tried again after the delay.
    case claimFailed(ServiceKey, StoreError, retryIn: Duration)
    /// The instance was taken out of the store, on request.
    case withdrawn(ServiceKey)
    /// All keys and the lease are gone, on request; or, with an error, they will go when the lease
    /// ends by itself.
    case left(StoreError?)
    /// The process ends, the lease and the keys stay for its next run.
    case paused(LeaseID?)
}

/// How a key of ours was lost.
public enum KeyLoss: Hashable, Sendable {
    /// It was deleted, by hand or with its lease.
    case deleted
    /// Somebody else wrote it.
    case overwritten
}
