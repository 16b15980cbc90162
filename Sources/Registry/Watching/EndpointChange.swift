/// What happened to one endpoint of the list, with the cause as far as the store tells it.
public struct EndpointChange: Hashable, Sendable {
    /// What happened.
    public enum Kind: Hashable, Sendable {
        /// It is in the list now, and was not.
        case appeared(Endpoint)
        /// Its record says something else.
        case changed(from: Endpoint, to: Endpoint)
        /// It was held, and its key is there again.
        case returned(Endpoint)
        /// Its owner says that it leaves, and it is not shown any more.
        case left(Endpoint)
        /// Its key is gone without its owner's word: the lease ended or was revoked, or somebody deleted the key.
        case vanished(Endpoint)
        /// The same, right after trouble with the store: it is shown a while longer; see ``LossGuard``.
        case held(Endpoint)
        /// It was held, has not come back as a valid record, and is not shown any more.
        case dropped
        /// Its record is invalid now; what it said before stays for a while, if it was in the list.
        case invalid(RecordFault)
        /// Its record is valid again, and says the same as before.
        case valid
        /// Its invalid record was deleted, and nothing of it was shown any more.
        case removed
        /// Its record has been invalid for so long that it is not shown any more.
        case expired
        /// Its service is beyond the limits of what is kept, and it is not shown any more.
        case oversized
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

    /// How many changes are told at once, other than those that the store tells one by one. A fleet that is another
    /// one altogether is told by the list itself.
    static let mostAtOnce = 1000

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

    /// The same of an endpoint whose record was invalid before.
    var valid: EndpointChange {
        guard case .changed(let before, let after) = kind, before.saysTheSame(as: after) else {
            return self
        }
        return EndpointChange(key, .valid, at: revision)
    }

    /// The same of an endpoint that was held.
    var returned: EndpointChange {
        guard case .appeared(let endpoint) = kind else { return self }
        return EndpointChange(key, .returned(endpoint), at: revision)
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
                guard changes.count < limit else { return changes }
                let key = old.instance.key
                let kind: EndpointChange.Kind = hasRecord(key) ? .left(old) : .vanished(old)
                changes.append(EndpointChange(key, kind, at: revision))
            }
            for new in endpoints(of: name) {
                guard changes.count < limit else { return changes }
                let key = new.instance.key
                EndpointChange(key, from: before[key], to: new, at: new.modRevision)
                    .map { changes.append($0) }
            }
        }
        return changes
    }
}
