/// The status of one registration.
public enum RegistrationStatus: Hashable, Sendable {
    /// Not in the store yet; with the reason, if known.
    case pending(String?)
    /// In the store.
    case registered(lease: LeaseID, at: Revision)
    /// Another lease holds the key.
    case refused(Refusal)
    /// Deregistered on request.
    case withdrawn

    /// Whether this is an answer: registered, or refused with a reason.
    public var isSettled: Bool {
        switch self {
        case .pending: false
        case .registered, .refused, .withdrawn: true
        }
    }
}
