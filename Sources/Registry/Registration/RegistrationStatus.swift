/// The status of one registration.
public enum RegistrationStatus: Hashable, Sendable {
    /// Not in the store yet; with the reason, if known.
    case pending(String?)
    /// In the store.
    case registered(lease: LeaseID, at: Revision)
    /// In the store as it was put at that revision, as far as is known; a newer record is on its way. With the reason,
    /// when that had no answer.
    case updating(lease: LeaseID, at: Revision, String?)
    /// Another lease holds the key.
    case refused(Refusal)
    /// Deregistered on request.
    case withdrawn

    /// Whether this is an answer: registered, refused with a reason, or deregistered.
    public var isSettled: Bool {
        switch self {
        case .pending, .updating: false
        case .registered, .refused, .withdrawn: true
        }
    }
}

/// The reason why a registration is refused.
public enum Refusal: Hashable, Sendable, CustomStringConvertible {
    /// Another host holds it.
    case heldByAnotherHost(Holder)
    /// Our own host holds it under another lease.
    case heldByOurHost(Holder)

    /// A sentence with the remedy.
    public var description: String {
        switch self {
        case .heldByAnotherHost(let holder):
            "held by \(holder); registered here when that lease expires, or give this one another id"
        case .heldByOurHost(let holder):
            "held by this same host under another lease (\(holder)): that of an earlier run expires "
                + "by itself, that of a second discoveryd or of a cloned machine-id does not"
        }
    }
}

/// The services of this host that are draining: they are to get no new traffic.
public struct Drains: Hashable, Sendable {
    /// Whether the whole host is meant, also services that come later.
    public var everything: Bool
    /// The services that are meant beside that.
    public var services: Set<ServiceName>

    /// Describes what drains; nothing does unless said.
    public init(everything: Bool = false, services: Set<ServiceName> = []) {
        self.everything = everything
        self.services = services
    }

    /// Whether an instance of this service drains.
    public func contains(_ service: ServiceName) -> Bool {
        everything || services.contains(service)
    }
}
