/// The tiers into which the endpoints of a service are sorted by their zones, the first the preferred one.
///
/// An endpoint's tier depends on its zone alone, so that one that drains or comes back changes nothing else.
struct ZoneTiers: Hashable, Sendable {
    /// The preferred zones, in order.
    let zones: [String]
    /// The reach of the first tier.
    let reach: ZoneReach

    /// The tier of the endpoints of a zone, or of those without one: 0 for the preferred; then the other zones of
    /// the list, each by itself, in its order; then all others. There may be nobody in one.
    func tier(of zone: String?) -> Int {
        guard case .zones(let count) = reach else { return 0 }
        guard let zone, let index = zones.firstIndex(of: zone) else {
            return zones.count - count + 1
        }
        return max(0, index - count + 1)
    }

    /// Whether the endpoints of a zone are preferred.
    func prefers(_ zone: String?) -> Bool { tier(of: zone) == 0 }

    /// The same without a difference between zones.
    var withoutDifference: ZoneTiers { ZoneTiers(zones: zones, reach: .everywhere) }
}
