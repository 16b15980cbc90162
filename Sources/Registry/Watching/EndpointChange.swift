/// What happened to one endpoint of the list, with the cause as far as the store tells it.
public struct EndpointChange: Hashable, Sendable {
    /// What happened.
    public enum Kind: Hashable, Sendable {
        /// It is in the list now, and was not.
        case appeared(Endpoint)
        /// Its record says something else.
        case changed(from: Endpoint, to: Endpoint)
        /// Its owner says that it leaves, and it is not shown any more.
        case left(Endpoint)
        /// Its key is gone without its owner's word: the lease ended or was revoked, or somebody deleted the key.
        case vanished(Endpoint)
        /// The same, right after trouble with the store: it is shown a while longer; see ``LossGuard``.
        case held(Endpoint)
        /// It was held, has not come back, and is not shown any more.
        case dropped
        /// Its record is invalid now; what it said before stays for a while, if it said anything.
        case invalid(RecordFault)
        /// Its record has been invalid for so long that it is not shown any more.
        case expired
    }

    /// Which endpoint.
    public let key: ServiceKey
    /// The revision of the change, or that up to which the list was known.
    public let revision: Revision
    /// What happened.
    public let kind: Kind

    /// Describes a change.
    public init(_ key: ServiceKey, _ kind: Kind, at revision: Revision) {
        self.key = key
        self.kind = kind
        self.revision = revision
    }

    /// How many changes are told of a list that was read anew. A fleet that is another one altogether is told by the
    /// list itself.
    static let mostOfOneList = 1000

    /// The change from one version of an endpoint to the next; `nil` when both say the same.
    init?(_ key: ServiceKey, from before: Endpoint?, to after: Endpoint?, at revision: Revision) {
        switch (before, after) {
        case (nil, nil): return nil
        case (nil, let new?): self.init(key, .appeared(new), at: revision)
        case (let old?, nil): self.init(key, .left(old), at: revision)
        case (let old?, let new?):
            guard old != new else { return nil }
            self.init(key, .changed(from: old, to: new), at: revision)
        }
    }

    /// The same of an endpoint whose loss is not believed yet.
    var held: EndpointChange {
        guard case .vanished(let endpoint) = kind else { return self }
        return EndpointChange(key, .held(endpoint), at: revision)
    }
}

extension EndpointTable {
    /// The changes of the endpoints of some services from another version to this one, the first so many of them.
    ///
    /// - Parameter hasRecord: Whether the store still has a record of a key that is not in this table.
    func changes(
        from before: EndpointTable,
        in services: [ServiceName],
        atMost limit: Int,
        at revision: Revision,
        hasRecord: (ServiceKey) -> Bool
    ) -> [EndpointChange] {
        var changes: [EndpointChange] = []
        for name in services {
            for old in before.endpoints(of: name) where self[old.instance.key] == nil {
                let key = old.instance.key
                let kind: EndpointChange.Kind = hasRecord(key) ? .left(old) : .vanished(old)
                changes.append(EndpointChange(key, kind, at: revision))
            }
            for new in endpoints(of: name) {
                let key = new.instance.key
                EndpointChange(key, from: before[key], to: new, at: new.modRevision)
                    .map { changes.append($0) }
            }
            if changes.count >= limit { break }
        }
        return Array(changes.prefix(limit))
    }
}
