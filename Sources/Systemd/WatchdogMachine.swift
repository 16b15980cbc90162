/// Decides whether the service has earned its next `WATCHDOG=1`.
///
/// Between two ticks the driver pokes every loop of the service, and each loop counts a lap when it
/// comes round, whether or not its work succeeded. A loop that has not moved since the last tick is
/// stalled, and no pulse is sent until it moves; the manager then restarts us. So the pulse is proof
/// that every loop still turns, where a timer would only prove that the timer does.
///
/// A lap is progress of the loop, not of its errand. A loop that tries to reach an etcd that is away,
/// and gives up in time, has made its lap: an absent etcd must never starve the watchdog, because a
/// restart does not bring etcd back, and would only withdraw our registrations over and over, on
/// every host at once. A loop that is stuck (a deadlock, a call without a deadline) must starve it,
/// because a restart is the only cure.
///
/// It has no clock and does nothing: the driver ticks it (see ``Watchdog/tickPeriod(for:)``) and
/// does what it answers.
public struct WatchdogMachine: Sendable {
    /// The laps at the last tick. `nil` before the first, when there is nothing to compare with.
    private var previous: [String: UInt64]?

    /// The loops the last tick withheld the pulse for, sorted. Empty when it sent one.
    private var stalled: [String] = []

    /// Creates a machine that has seen no tick.
    public init() {}

    /// The decision on a tick: pulse or not.
    public enum OnTick: Hashable, Sendable {
        /// Send ``Notification/watchdog``. `afterStallOf` names the loops the last tick withheld for,
        /// sorted: when it is not empty the service has just recovered, and that is news.
        case pulse(afterStallOf: [String])

        /// Send nothing. `stalled` names the loops that did not move, sorted; `isNews` says whether
        /// they are others than at the last tick, so that each change is reported once.
        case withhold(stalled: [String], isNews: Bool)
    }

    /// A tick came, and the loops have made `laps` so far.
    ///
    /// The first tick always pulses: there is nothing to compare with. A loop that is new is fine
    /// until the next tick; one that is gone is forgotten. A count that went back has moved: the loop
    /// was started again. With no loops at all there is nothing to wait for, and it pulses.
    ///
    /// - Parameter laps: The running count of laps of each loop, by name.
    public mutating func ticked(laps: [String: UInt64]) -> OnTick {
        let before = self.previous ?? [:]
        let stalledBefore = self.stalled
        self.stalled = laps.filter { before[$0.key] == $0.value }.keys.sorted()
        self.previous = laps
        if self.stalled.isEmpty {
            return .pulse(afterStallOf: stalledBefore)
        }
        return .withhold(stalled: self.stalled, isNews: self.stalled != stalledBefore)
    }
}
