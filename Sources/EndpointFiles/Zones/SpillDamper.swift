/// Decides how far the first tier of one service reaches: as the plain rule says, but near its threshold not at once.
///
/// A zone that has just enough endpoints would move all traffic to and fro with each endpoint that comes or goes. So
/// while the count is about the threshold the choice before stands, for a minute at most: then the plain rule
/// decides for at least a minute, so that hosts that have seen different pasts choose alike, however often the count
/// changes.
struct SpillDamper: Hashable, Sendable {
    /// The choice that stands.
    enum State: Hashable, Sendable {
        /// Nothing yet. Can go to `settled`.
        case new
        /// That of the plain rule, with the number that was enough by then. Can go to `settled`, `held`.
        case settled(ZoneReach, needed: Int)
        /// The one before, although the plain rule says otherwise. Can go to `held`, `settled`.
        case held(ZoneReach, needed: Int, until: Duration)
    }

    /// For how long a choice may stand that the plain rule would not make, and for how long then none may.
    static let hold = Duration.seconds(60)

    private(set) var state = State.new
    /// The end of the last minute in which choices were held.
    private var windowEnds: Duration?

    /// The endpoints of the service were counted, anew or for the first time.
    ///
    /// - Returns: How far the first tier reaches.
    mutating func counted(
        _ counts: ZoneCounts,
        for preference: ZonePreference,
        at now: Duration
    ) -> ZoneReach {
        let plain = preference.reach(in: counts)
        let needed = preference.spillBelow.needed(in: counts)
        let before: ZoneReach
        let neededBefore: Int
        switch state {
        case .new: (before, neededBefore) = (plain, needed)
        case .settled(let reach, let needed), .held(let reach, let needed, _):
            (before, neededBefore) = (reach, needed)
        }
        let isNear = Self.isNear(
            from: before,
            to: plain,
            in: counts,
            for: preference,
            needed: min(needed, neededBefore)...max(needed, neededBefore)
        )
        guard before != plain, isNear, let until = window(at: now) else {
            state = .settled(plain, needed: needed)
            return plain
        }
        state = .held(before, needed: neededBefore, until: until)
        return before
    }

    /// Until when a choice may be held; `nil` in the minute that belongs to the plain rule.
    private mutating func window(at now: Duration) -> Duration? {
        if let end = windowEnds {
            if now < end { return end }
            if now < end + Self.hold { return nil }
        }
        windowEnds = now + Self.hold
        return windowEnds
    }

    /// When the plain rule decides although nothing was counted anew.
    var deadline: Duration? {
        if case .held(_, _, let until) = state { until } else { nil }
    }

    /// Whether the count that changes the choice is about the threshold: at most a tenth below or above it, and at
    /// least one. Without a usable endpoint traffic always leaves a zone at once.
    ///
    /// - Parameter needed: The threshold now and at the choice before: that of a percentage moves with the other zones.
    private static func isNear(
        from before: ZoneReach,
        to plain: ZoneReach,
        in counts: ZoneCounts,
        for preference: ZonePreference,
        needed: ClosedRange<Int>
    ) -> Bool {
        if before < plain {
            let usable = preference.usable(counts, within: before)
            return usable > 0 && usable >= needed.lowerBound - max(1, needed.lowerBound / 10)
        }
        return preference.usable(counts, within: plain)
            <= needed.upperBound + max(1, needed.upperBound / 10)
    }
}
