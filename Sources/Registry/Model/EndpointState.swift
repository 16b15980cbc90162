/// The state of an instance, as its owner wrote it.
public enum EndpointState: String, Hashable, Sendable {
    /// In service.
    case up
    /// Still there, but to get no new traffic.
    case draining
    /// About to be deleted by its owner, on purpose. Never published: it tells an intended leave
    /// from a lost one, which etcd's own events cannot.
    case leaving

    /// Reads a record's `state`. A word of a later version reads as `draining`: the instance is
    /// there, and we do not know that it wants traffic.
    public init(read text: String?) {
        self = text.map { EndpointState(rawValue: $0) ?? .draining } ?? .up
    }
}
