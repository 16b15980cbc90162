/// A state of the list. Copies and versions share what did not change; see ``EndpointTable``.
public struct TableUpdate: Equatable, Sendable {
    /// All endpoints that the store has.
    public var table: EndpointTable
    /// Endpoints that it lost and that are perhaps alive; see ``HeldEndpoint``.
    public var held: [ServiceKey: HeldEndpoint]
    /// The cluster they come from.
    public var clusterID: ClusterID
    /// The revision at which the list was read, or last changed.
    public var revision: Revision
    /// The services that the list is of: of any other it says nothing, not even that it has no endpoints.
    public var selection: ServiceSelection
    /// The services that are beyond the limits of what is kept, with their sizes in the store. Their
    /// endpoints are those of an earlier revision, or none.
    public var oversized: [ServiceName: ServiceSize]

    /// Describes a state of the list.
    public init(
        table: EndpointTable,
        clusterID: ClusterID,
        revision: Revision,
        held: [ServiceKey: HeldEndpoint] = [:],
        selection: ServiceSelection = .all,
        oversized: [ServiceName: ServiceSize] = [:]
    ) {
        self.held = held
        self.selection = selection
        self.table = table
        self.clusterID = clusterID
        self.revision = revision
        self.oversized = oversized
    }

    /// The list as somebody shows it who holds lost endpoints for `hold`: none is left in ``held``.
    ///
    /// - Returns: The list, and when the first of the held endpoints is to go, if there is any.
    public func shown(holding hold: Duration, at now: Duration) -> (
        list: TableUpdate, until: Duration?
    ) {
        var shown = self
        shown.held = [:]
        let showing = held.values.filter { $0.since + hold > now }
        for loss in showing { shown.table.insert(loss.endpoint) }
        return (shown, showing.map { $0.since + hold }.min())
    }
}

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
