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
}
