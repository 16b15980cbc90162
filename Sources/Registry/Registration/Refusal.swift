/// Why a key cannot be ours now.
public enum Refusal: Hashable, Sendable, CustomStringConvertible {
    /// Another host holds it.
    case heldByAnotherHost(Holder)
    /// Our own host holds it under another lease.
    case heldByOurHost(Holder)

    /// A sentence with the remedy.
    public var description: String {
        switch self {
        case .heldByAnotherHost(let holder):
            "held by \(holder); it is taken over when that lease ends, or give this one another id"
        case .heldByOurHost(let holder):
            "held by this same host under another lease (\(holder)): what an earlier run left ends "
                + "by itself, a second discoveryd or a copied machine-id does not"
        }
    }
}
