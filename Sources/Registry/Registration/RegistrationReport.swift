/// A report of the registration, for the log and the metrics.
public enum RegistrationReport: Equatable, Sendable {
    /// A lease was granted, with the TTL that the store chose.
    case leaseGranted(LeaseID, LeaseTerm)
    /// The lease of an earlier run is continued, with the keys under it.
    case leaseContinued(LeaseID, LeaseTerm)
    /// The lease expired or was revoked; a new one is requested.
    case leaseLost(LeaseID)
    /// Another host, at that address, uses our lease: one was cloned from the other. A new lease is
    /// requested; the old one is left to the other host.
    case leaseShared(LeaseID, with: String)
    /// No keep-alive was answered for a whole TTL: the keys may have expired. Reported once; registration
    /// continues as soon as the store answers.
    case leaseDoubtful(LeaseID)
    /// No lease was granted; retried after the delay.
    case grantFailed(StoreError, retryIn: Duration)
    /// The instance is in the store.
    case registered(ServiceKey, lease: LeaseID, at: Revision)
    /// The instance in the store was updated: its record changed, or it is draining, or no longer so.
    case updated(ServiceKey, EndpointState, at: Revision)
    /// The key of the instance was deleted or overwritten. It is written again.
    case lost(ServiceKey, KeyLoss)
    /// The key is deleted or overwritten repeatedly. It is written again with increasing delay; until it has
    /// lasted for a while each round is a `lostAgain` and a `reclaimed`, and then a `registered`.
    case contested(ServiceKey)
    /// A contested key was lost once more.
    case lostAgain(ServiceKey)
    /// A contested key is in the store once more.
    case reclaimed(ServiceKey)
    /// Another lease holds the key. Retried when it is free, and now and then.
    case refused(ServiceKey, Refusal)
    /// The instance is in the store, but its companion records under these keys are not: another lease
    /// holds them. Reported when they change.
    case companionsHeld(ServiceKey, [String])
    /// The claim had no answer or an error; retried after the delay.
    case claimFailed(ServiceKey, StoreError, retryIn: Duration)
    /// The instance was deregistered, on request.
    case withdrawn(ServiceKey)
    /// The lease was revoked, and all keys with it, on request; or, with an error, they stay until the lease
    /// expires.
    case left(StoreError?)
    /// The process exits; the lease and the keys stay for the next run.
    case paused(LeaseID?)
}

/// The way in which a key of ours was lost.
public enum KeyLoss: Hashable, Sendable {
    /// It was deleted, by hand or with its lease.
    case deleted
    /// Another client wrote it.
    case overwritten
}
