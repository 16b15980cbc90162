/// Decides whether endpoints that vanish are believed to be gone.
///
/// One lost endpoint is a host that died. Most of them lost at once, right after an election or a lost
/// connection and without the word that their owners leave behind, is more likely a fault of the
/// registry: the hosts serve, and only their leases ended. Such losses are held back for a bounded time.
///
/// Only losses are held. What comes, changes or says that it leaves is never delayed.
struct LossGuard: Sendable {
    /// When losses are suspicious, and for how long they are held.
    struct Settings: Sendable {
        /// Losses this far apart count together: a lease's time to live.
        var window: Duration
        /// How long a mass loss is held.
        var hold: Duration
        /// The smallest number of endpoints of which a mass can be lost.
        var minEndpoints = 3
        /// How long a single loss waits for others while the store is under suspicion: leases that
        /// ended together are deleted one after the other.
        var settle = Duration.seconds(2)
    }

    /// The decision about a loss.
    enum OnLoss: Equatable, Sendable {
        /// Believed: gone.
        case believed
        /// Held back, until it shows whether it is one of many.
        case heldBack
        /// Held back as one of many. Said once for each mass loss.
        case massLoss(lost: Int, of: Int)
    }

    var settings: Settings
    /// The losses that are held back, by key.
    private(set) var held: [ServiceKey: HeldEndpoint] = [:]
    /// Whether what is held back is a mass loss.
    private(set) var isMassLoss = false
    /// How many endpoints of the present mass loss were given up.
    private(set) var dropped = 0
    /// Losses that were believed, while they count: how many at about which time, the oldest first. As many
    /// entries as there are steps in a window, however many endpoints come and go.
    private var believed: [(at: Duration, count: Int)] = []
    /// No loss that is held back is older than this.
    private var oldest: Duration?
    private var suspectedUntil = Duration.zero
    private var isSuspected = false

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// The store had trouble that can cost living hosts their leases.
    mutating func faultSuspected(at now: Duration) {
        isSuspected = true
        // An election gives every lease its whole time anew; those of cut-off hosts end after that.
        suspectedUntil = now + settings.window * 2 + settings.settle
    }

    /// Endpoints vanished without a word.
    ///
    /// - Parameter remaining: How many are left.
    mutating func lost(_ endpoints: [Endpoint], remaining: Int, at now: Duration) -> OnLoss {
        if suspectedUntil <= now { isSuspected = false }
        guard isSuspected || isMassLoss else {
            believe(endpoints.count, lostAt: now)
            return .believed
        }
        if held.isEmpty { oldest = now }
        for endpoint in endpoints {
            held[endpoint.instance.key] = HeldEndpoint(endpoint: endpoint, since: now)
        }
        believed.removeAll { $0.at + settings.window <= now }
        let lost = held.count + believed.reduce(0) { $0 + $1.count }
        let all = lost + remaining
        guard !isMassLoss, all >= settings.minEndpoints, lost * 2 > all else { return .heldBack }
        isMassLoss = true
        dropped = 0
        return .massLoss(lost: held.count, of: all)
    }

    /// The key is there again, or its owner says that it leaves: it is not held any more.
    mutating func heard(of key: ServiceKey) {
        held[key] = nil
    }

    private mutating func believe(_ count: Int, lostAt time: Duration) {
        if let last = believed.last, time < last.at + settings.window / 100 {
            believed[believed.count - 1].count += count
            return
        }
        believed.removeAll { $0.at + settings.window <= time }
        believed.append((time, count))
    }

    /// When something that is held may have to be given up; not later than that.
    var deadline: Duration? { held.isEmpty ? nil : oldest.map { $0 + patience } }

    /// Gives up what was held for long enough.
    ///
    /// - Returns: The keys.
    mutating func giveUp(at now: Duration) -> [ServiceKey] {
        guard let deadline, deadline <= now else { return [] }
        let due = held.filter { $0.value.since + patience <= now }
        for (key, loss) in due {
            held[key] = nil
            if isMassLoss { dropped += 1 } else { believe(1, lostAt: loss.since) }
        }
        oldest = held.values.map(\.since).min()
        return Array(due.keys)
    }

    /// Ends the mass loss when nothing is held any more.
    ///
    /// - Returns: Whether it ended just now.
    mutating func settled() -> Bool {
        guard isMassLoss, held.isEmpty else { return false }
        isMassLoss = false
        return true
    }

    private var patience: Duration { isMassLoss ? settings.hold : settings.settle }
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
