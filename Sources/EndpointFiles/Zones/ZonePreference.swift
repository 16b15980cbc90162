/// Prefers the usable endpoints of some zones to those of all others.
///
/// Usable is an endpoint that the output's filter matches, that is up and whose weight is not 0. Whether the format
/// of the output can carry it does not count: all outputs of all hosts with the same preference choose alike.
/// Endpoints without a zone are a zone of their own that nobody can prefer.
public struct ZonePreference: Hashable, Sendable {
    /// The zones, the most preferred first: at least one, each once.
    public var zones: [String]
    /// Below how many usable endpoints the next zone takes part.
    public var spillBelow: SpillThreshold

    /// Describes a preference.
    public init(zones: [String], spillBelow: SpillThreshold = .standard) {
        self.zones = zones
        self.spillBelow = spillBelow
    }

    /// Returns how far the first tier has to reach for enough usable endpoints: the plain rule, which depends on the
    /// arguments alone.
    func reach(in counts: ZoneCounts) -> ZoneReach {
        let needed = spillBelow.needed(in: counts)
        var usable = 0
        for (index, zone) in zones.enumerated() {
            usable += counts[zone]
            if usable >= needed { return .zones(index + 1) }
        }
        return .everywhere
    }

    /// Counts the usable endpoints within a reach.
    func usable(_ counts: ZoneCounts, within reach: ZoneReach) -> Int {
        switch reach {
        case .zones(let count): zones.prefix(count).reduce(0) { $0 + counts[$1] }
        case .everywhere: counts.total
        }
    }

    /// Whether a reach takes traffic out of the most preferred zone.
    func isSpilling(_ counts: ZoneCounts, within reach: ZoneReach) -> Bool {
        usable(counts, within: reach) > usable(counts, within: .zones(1))
    }
}

/// The number of usable endpoints that is enough.
public enum SpillThreshold: Hashable, Sendable {
    /// That many of a service.
    case endpoints(Int)
    /// This percentage of the even share of a service: its usable endpoints, divided by the zones that have any.
    case evenShare(percent: Int)

    /// One endpoint: traffic leaves the zone when nobody is left there. Any greater number is a guess at how much
    /// one endpoint can carry.
    public static let standard = SpillThreshold.endpoints(1)

    /// The smallest number of usable endpoints that is enough; at least 1, whatever the threshold says.
    func needed(in counts: ZoneCounts) -> Int {
        switch self {
        case .endpoints(let count): return max(1, count)
        case .evenShare(let percent):
            let whole = 100 * max(1, counts.zones)
            return max(1, (percent * counts.total + whole - 1) / whole)
        }
    }
}

/// The reach of the first tier of a service.
enum ZoneReach: Hashable, Comparable, Sendable {
    /// To so many of the preferred zones, from the first on.
    case zones(Int)
    /// To all zones, and to the endpoints that have none.
    case everywhere
}
