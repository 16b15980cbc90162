/// How one registration stands.
public enum RegistrationStatus: Hashable, Sendable {
    /// Not in the store yet; with what stands in the way, if anything.
    case pending(String?)
    /// In the store.
    case registered(lease: LeaseID, at: Revision)
    /// Somebody else has the key.
    case refused(Refusal)
    /// Taken out on request.
    case withdrawn

    /// Whether this is an answer: registered, or refused with a reason.
    public var isSettled: Bool {
        switch self {
        case .pending: false
        case .registered, .refused, .withdrawn: true
        }
    }
}
