internal import Glibc

/// The local time of day, as it stands at the start of a line in a terminal: `14:03:07.250`.
struct TimeOfDay: Hashable, Sendable, CustomStringConvertible {
    var hour: Int
    var minute: Int
    var second: Int
    var millisecond: Int

    /// The time now, where this machine is. See clock_gettime(2) and localtime_r(3).
    static func now() -> TimeOfDay {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var local = tm()
        localtime_r(&now.tv_sec, &local)
        return TimeOfDay(
            hour: Int(local.tm_hour),
            minute: Int(local.tm_min),
            second: Int(local.tm_sec),
            millisecond: now.tv_nsec / 1_000_000
        )
    }

    var description: String {
        let clock = [self.hour, self.minute, self.second].map { Self.padded($0, to: 2) }
        return clock.joined(separator: ":") + "." + Self.padded(self.millisecond, to: 3)
    }

    private static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
