import CSystemd
public import Machines

/// The watchdog settings that the service manager passed to this process. See sd_watchdog_enabled(3).
public enum Watchdog {
    /// The time within which the manager wants a ``Notification/watchdog``, counted from start and
    /// from each one (`WatchdogSec=`), or `nil` when it expects none from this process.
    ///
    /// `nil` too when `$WATCHDOG_PID` names another process, or when the variables hold no numbers:
    /// then no manager set them.
    public static func interval() -> Duration? {
        var microseconds: UInt64 = 0
        guard csystemd_watchdog_enabled(&microseconds) > 0 else { return nil }
        return .microseconds(microseconds)
    }
}

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
/// Four ticks come in an interval of the manager. sd_watchdog_enabled(3) recommends two for a pulse that is
/// always sent. Ours is withheld when a loop is late, and with two, a single late lap would end the service.
/// With four the loops may miss two ticks in a row and still be in time at the third.
public struct WatchdogMachine: StateMachine {
    /// The laps at the last tick. `nil` before the first, when there is nothing to compare with.
    private var previous: [String: UInt64]?

    /// The loops the last tick withheld the pulse for, sorted. Empty when it sent one.
    private var stalled: [String] = []

    private let period: Duration
    private var nextTick: Duration?

    /// Creates a machine that has seen no tick.
    ///
    /// - Parameter interval: What ``Watchdog/interval()`` answered.
    public init(interval: Duration) {
        self.period = interval / 4
    }

    /// What the driver is to do.
    public enum Action: Hashable, Sendable {
        /// A tick has come: count the laps of each loop and send each round once; then tell
        /// ``WatchdogMachine/lapsCounted(_:)``.
        case countLaps

        /// Send ``Notification/watchdog``. `afterStallOf` names the loops the last tick withheld for,
        /// sorted: when it is not empty the service has just recovered, and that is news.
        case pulse(afterStallOf: [String])

        /// Send nothing. `stalled` names the loops that did not move, sorted; `isNews` says whether
        /// they are others than at the last tick, so that each change is reported once.
        case withhold(stalled: [String], isNews: Bool)
    }

    /// The service runs. The first tick comes at once.
    public mutating func started(at now: Duration) -> [Action] {
        guard self.nextTick == nil else { return [] }
        self.nextTick = now + self.period
        return [.countLaps]
    }

    /// As ``StateMachine/deadline`` says.
    public var deadline: Duration? { self.nextTick }

    /// As ``StateMachine/timePassed(to:)`` says.
    public mutating func timePassed(to now: Duration) -> [Action] {
        guard let due = self.nextTick, due <= now else { return [] }
        self.nextTick = now + self.period
        return [.countLaps]
    }

    /// A tick came, and the loops have made `laps` so far.
    ///
    /// The first tick always pulses: there is nothing to compare with. A loop that is new is fine
    /// until the next tick; one that is gone is forgotten. A count that went back has moved: the loop
    /// was started again. With no loops at all there is nothing to wait for, and it pulses.
    ///
    /// - Parameter laps: The running count of laps of each loop, by name.
    public mutating func lapsCounted(_ laps: [String: UInt64]) -> [Action] {
        let before = self.previous ?? [:]
        let stalledBefore = self.stalled
        self.stalled = laps.filter { before[$0.key] == $0.value }.keys.sorted()
        self.previous = laps
        if self.stalled.isEmpty {
            return [.pulse(afterStallOf: stalledBefore)]
        }
        return [.withhold(stalled: self.stalled, isNews: self.stalled != stalledBefore)]
    }
}
