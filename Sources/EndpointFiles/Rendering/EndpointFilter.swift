public import Registry

/// Which endpoints an output shows.
public struct EndpointFilter: Hashable, Sendable {
    /// Only those of this zone; `nil` is any zone, and none.
    public var zone: String?
    /// Only those that have all of these tags.
    public var tags: Set<String>

    /// Describes a choice; without arguments it is all endpoints.
    public init(zone: String? = nil, tags: Set<String> = []) {
        self.zone = zone
        self.tags = tags
    }

    /// Whether an endpoint is shown.
    public func matches(_ endpoint: Endpoint) -> Bool {
        (zone == nil || endpoint.instance.zone == zone)
            && (tags.isEmpty || tags.isSubset(of: endpoint.instance.tags))
    }
}
