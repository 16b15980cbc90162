internal import CSystemd

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

    /// How often to give ``WatchdogMachine`` its tick: a quarter of `interval`.
    ///
    /// sd_watchdog_enabled(3) recommends half for a pulse that is always sent. Ours is withheld when
    /// a loop is late, and with half, a single late lap would end the service. With a quarter
    /// the loops may miss two ticks in a row and still be in time at the third.
    ///
    /// - Parameter interval: What ``interval()`` answered.
    public static func tickPeriod(for interval: Duration) -> Duration {
        interval / 4
    }
}
