import Registry

/// The numbers of usable endpoints that each zone has of a service.
struct ZoneCounts: Hashable, Sendable {
    /// Without zones that have none; `nil` is the zone of the endpoints that say no zone.
    private var byZone: [String?: Int] = [:]
    /// Those of all zones.
    private(set) var total = 0

    /// The number of zones that have any.
    var zones: Int { byZone.count }

    /// The number that a zone has.
    subscript(zone: String?) -> Int { byZone[zone, default: 0] }

    /// Adds a usable endpoint of a zone.
    mutating func add(_ zone: String?) {
        byZone[zone, default: 0] += 1
        total += 1
    }

    /// Adds the usable endpoints of a chunk.
    mutating func add(_ chunk: EndpointChunk, matching filter: EndpointFilter) {
        for endpoint in chunk.endpoints where endpoint.wantsTraffic && filter.matches(endpoint) {
            add(endpoint.instance.zone)
        }
    }

    /// Takes away the usable endpoints of a chunk that was added before.
    mutating func remove(_ chunk: EndpointChunk, matching filter: EndpointFilter) {
        for endpoint in chunk.endpoints where endpoint.wantsTraffic && filter.matches(endpoint) {
            let zone = endpoint.instance.zone
            let left = byZone[zone, default: 0] - 1
            byZone[zone] = left > 0 ? left : nil
            total -= 1
        }
    }
}
