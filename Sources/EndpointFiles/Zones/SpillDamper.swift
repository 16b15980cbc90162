/// Decides how far the first tier of one service reaches: as the plain rule says, but near its threshold not at once.
///
/// A zone that has just enough endpoints would move all traffic to and fro with each endpoint that comes or goes. So
/// while the count is about the threshold the choice before stands, for a minute at most: then the plain rule
/// decides, and hosts that have seen different pasts choose alike.
struct SpillDamper: Hashable, Sendable {
    /// What was chosen.
    enum State: Hashable, Sendable {
        /// Nothing yet. Can go to `settled`.
        case new
        /// What the plain rule says. Can go to `settled`, `held`.
        case settled(ZoneReach)
        /// What was chosen before, although the plain rule says otherwise. Can go to `held`, `settled`.
        case held(ZoneReach, until: Duration)
    }

    /// For how long a choice stands that the plain rule would not make.
    static let hold = Duration.seconds(60)

    private(set) var state = State.new

    /// The endpoints of the service were counted, anew or for the first time.
    ///
    /// - Returns: How far the first tier reaches.
    mutating func counted(
        _ counts: ZoneCounts,
        for preference: ZonePreference,
        at now: Duration
    ) -> ZoneReach {
        let plain = preference.reach(in: counts)
        let before: ZoneReach
        let until: Duration
        switch state {
        case .new: (before, until) = (plain, now)
        case .settled(let reach): (before, until) = (reach, now + Self.hold)
        case .held(let reach, let end): (before, until) = (reach, end)
        }
        guard before != plain, until > now,
            Self.isNear(from: before, to: plain, in: counts, for: preference)
        else {
            state = .settled(plain)
            return plain
        }
        state = .held(before, until: until)
        return before
    }

    /// When the plain rule decides although nothing was counted anew.
    var deadline: Duration? {
        if case .held(_, let until) = state { until } else { nil }
    }

    /// Whether the count that changes the choice is about the threshold: at most a tenth below or above it. So with a
    /// threshold below 10 traffic leaves a zone at once, and without a usable endpoint always; with the threshold just
    /// reached it comes back later.
    private static func isNear(
        from before: ZoneReach,
        to plain: ZoneReach,
        in counts: ZoneCounts,
        for preference: ZonePreference
    ) -> Bool {
        let needed = preference.spillBelow.needed(in: counts)
        if before < plain {
            return preference.usable(counts, within: before) >= needed - needed / 10
        }
        return preference.usable(counts, within: plain) <= needed + needed / 10
    }
}
