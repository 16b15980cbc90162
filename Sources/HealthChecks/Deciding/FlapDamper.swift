/// Decides whether a service that passes again may be registered now, or is flapping.
///
/// A registration needs room in the window for itself and for the withdrawal that may follow. So
/// withdrawals are never delayed, and still no window has more changes than the limit.
struct FlapDamper: Sendable {
    /// The decision about a registration.
    enum OnReturn: Sendable {
        /// It may be registered.
        case allowed
        /// Not before this instant. It is news for the first one that is held back.
        case heldBack(until: Duration, isNews: Bool)
    }

    private let limits: DampingLimits
    /// Until when returns are held back, once one was.
    private(set) var heldUntil: Duration?
    /// When the verdict changed, as far as it counts.
    private var changes: [Duration] = []

    init(_ limits: DampingLimits) {
        self.limits = limits
    }

    /// The verdict changed.
    mutating func changed(at now: Duration) {
        forget(before: now)
        changes.append(now)
    }

    /// All checks pass, and the service is not in the registry.
    mutating func returnRequested(at now: Duration) -> OnReturn {
        let allowed = returnAllowed(at: now)
        guard allowed > now else { return .allowed }
        defer { heldUntil = allowed }
        return .heldBack(until: allowed, isNews: heldUntil == nil)
    }

    /// Whether damping ended just now: a return would be allowed, asked for or not.
    mutating func hasEnded(at now: Duration) -> Bool {
        guard heldUntil != nil else { return false }
        let allowed = returnAllowed(at: now)
        heldUntil = allowed > now ? allowed : nil
        return heldUntil == nil
    }

    private mutating func returnAllowed(at now: Duration) -> Duration {
        forget(before: now)
        let tooMany = changes.count + 2 - max(2, limits.changes)
        return tooMany > 0 ? changes[tooMany - 1] + limits.window : now
    }

    private mutating func forget(before now: Duration) {
        changes.removeAll { $0 + limits.window <= now }
    }
}

/// Limits how often a service may come and go before its returns are held back.
///
/// A withdrawal is never held back: nobody should be sent to a service that is known to be down. A
/// return waits until it and the withdrawal that may follow fit into the limit, so the limit holds in
/// every window of that length.
public struct DampingLimits: Hashable, Sendable {
    /// How many changes one window may see; at least 2.
    public var changes: Int
    /// How long a change counts.
    public var window: Duration

    /// The default lets a service fail five times in five minutes.
    public init(changes: Int = 10, window: Duration = .seconds(300)) {
        self.changes = changes
        self.window = window
    }
}
