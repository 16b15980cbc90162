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
