/// Decides whether a service that passes again may return now.
///
/// A return needs room in the window for itself and for the withdrawal that may follow. So withdrawals
/// are never held back, and still no window sees more changes than the limit.
struct FlapDamper: Sendable {
    var limits: DampingLimits
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

    /// When a return is allowed: `now`, or when enough changes are too old to count.
    mutating func returnAllowed(at now: Duration) -> Duration {
        forget(before: now)
        let tooMany = changes.count + 2 - max(2, limits.changes)
        guard tooMany > 0 else { return now }
        return changes[tooMany - 1] + limits.window
    }

    private mutating func forget(before now: Duration) {
        changes.removeAll { $0 + limits.window <= now }
    }
}
