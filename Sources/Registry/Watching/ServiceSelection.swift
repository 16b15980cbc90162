/// Selects the services that a list is kept of.
public enum ServiceSelection: Hashable, Sendable {
    /// All there are.
    case all
    /// These; of any other no more is kept than the keys and their revisions.
    case only(Set<ServiceName>)

    /// Whether a service is among them.
    public func contains(_ name: ServiceName) -> Bool {
        switch self {
        case .all: true
        case .only(let names): names.contains(name)
        }
    }

    /// Those that are in either.
    public func union(_ other: ServiceSelection) -> ServiceSelection {
        switch (self, other) {
        case (.only(let left), .only(let right)): .only(left.union(right))
        default: .all
        }
    }

    /// Those that are in both.
    public func intersection(_ other: ServiceSelection) -> ServiceSelection {
        switch (self, other) {
        case (.all, let one), (let one, .all): one
        case (.only(let left), .only(let right)): .only(left.intersection(right))
        }
    }

    /// Whether each of the other's services is among them.
    public func isSuperset(of other: ServiceSelection) -> Bool {
        switch (self, other) {
        case (.all, _): true
        case (.only, .all): false
        case (.only(let left), .only(let right)): left.isSuperset(of: right)
        }
    }
}
