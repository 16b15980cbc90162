/// An endpoint that the store has no more, and that is shown a while longer: it was lost together with
/// many others, without a word, right after something happened to the store.
public struct HeldEndpoint: Hashable, Sendable {
    /// As it was last.
    public var endpoint: Endpoint
    /// When it was lost.
    public var since: Duration

    /// Describes a lost endpoint.
    public init(endpoint: Endpoint, since: Duration) {
        self.endpoint = endpoint
        self.since = since
    }
}
