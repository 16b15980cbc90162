import CSystemd
import Glibc
import Texts

/// Speaks to the service manager that started this process, if one did.
///
/// ```swift
/// let notifier = Notifier()
/// try notifier.send(.ready, .status("3 services at revision 81234"))
/// ```
///
/// It keeps `$NOTIFY_SOCKET` in the environment; a child that is not meant to speak for the service
/// must be started without it.
public struct Notifier: Sendable {
    private let sendState: @Sendable (String) -> Int32

    /// Creates a notifier.
    ///
    /// - Parameter send: Sends newline-separated assignments in one datagram and answers as
    ///   sd_notify(3) does: positive when it was sent, 0 when nobody listens, a negative errno when
    ///   it failed. The default is sd_notify(3) itself.
    public init(send: @escaping @Sendable (_ state: String) -> Int32 = Notifier.systemd) {
        self.sendState = send
    }

    /// Sends all of `notifications` in one datagram, so that the manager sees them together.
    ///
    /// - Returns: Whether there is a manager to listen. `false`, and nothing sent, when
    ///   `$NOTIFY_SOCKET` is not set or empty. `true` says that the datagram was queued, not that it
    ///   was accepted: a manager with `NotifyAccess=none` ignores it in silence.
    /// - Throws: ``SystemdError/Code/notificationNotSent``.
    @discardableResult
    public func send(_ notifications: Notification...) throws(SystemdError) -> Bool {
        try self.send(notifications)
    }

    /// Sends all of `notifications` in one datagram, so that the manager sees them together.
    ///
    /// - Returns: Whether there is a manager to listen; `false` when there is nothing to send.
    /// - Throws: ``SystemdError/Code/notificationNotSent``.
    @discardableResult
    public func send(_ notifications: [Notification]) throws(SystemdError) -> Bool {
        guard !notifications.isEmpty else { return false }
        let result = self.sendState(notifications.map(\.assignments).joined(separator: "\n"))
        guard result >= 0 else { throw .notificationNotSent(errno: -result) }
        return result > 0
    }

    /// sd_notify(3), where an empty `$NOTIFY_SOCKET` counts as one that is not set.
    ///
    /// libsystemd answers the empty string with -EINVAL, but `NOTIFY_SOCKET= discoveryd run` is how
    /// one says in a shell that there is no manager, and is no reason to complain.
    ///
    /// - Parameter state: Newline-separated assignments.
    /// - Returns: Positive when sent, 0 when nobody listens, else a negative errno.
    @Sendable
    public static func systemd(_ state: String) -> Int32 {
        guard let socket = getenv("NOTIFY_SOCKET"), socket.pointee != 0 else { return 0 }
        return csystemd_notify(state)
    }
}

extension SystemdError {
    static func notificationNotSent(errno: Int32) -> SystemdError {
        SystemdError(
            code: .notificationNotSent,
            message: """
                cannot tell the service manager about our state: the socket named in \
                $NOTIFY_SOCKET did not take the message; when not started by systemd, start with \
                NOTIFY_SOCKET unset
                """,
            errno: errno
        )
    }
}

/// Something a service tells its service manager. See sd_notify(3).
public enum Notification: Hashable, Sendable {
    /// `READY=1`: startup is finished, or a reload is.
    case ready

    /// `RELOADING=1` with `MONOTONIC_USEC=`: the configuration is being read again. Must be followed
    /// by ``ready``, also when the new configuration was refused.
    ///
    /// `monotonicMicroseconds` is `CLOCK_MONOTONIC` when the reload began, in microseconds; see
    /// ``reloadingNow()``. `Type=notify-reload` (systemd 253) needs it, older managers ignore it.
    case reloading(monotonicMicroseconds: UInt64)

    /// `STOPPING=1`: the service is on its way down.
    case stopping

    /// `STATUS=`: one line for `systemctl status`. Any text may be given: newlines and control
    /// characters are sent as a space, and what is beyond ``statusByteLimit`` is cut off.
    case status(String)

    /// `EXTEND_TIMEOUT_USEC=`: the start or stop may take longer than configured, as long as another
    /// message comes within this time from now. A negative duration is sent as 0.
    case extendTimeout(Duration)

    /// `WATCHDOG=1`: the service is making progress. See ``WatchdogMachine`` for when to say it.
    case watchdog

    /// The most bytes of UTF-8 a status may have. The manager drops a datagram above 4096 bytes
    /// (`NOTIFY_BUFFER_MAX`) whole, and `READY=1` with it; this leaves room for everything else.
    public static let statusByteLimit = 1024

    /// ``reloading(monotonicMicroseconds:)`` with the time of the call.
    public static func reloadingNow() -> Notification {
        var now = timespec()
        // Cannot fail for this clock: see clock_gettime(2), ERRORS.
        clock_gettime(CLOCK_MONOTONIC, &now)
        return .reloading(
            monotonicMicroseconds: UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
        )
    }

    /// The assignments as they go into the datagram, one per line, without a trailing newline.
    var assignments: String {
        switch self {
        case .ready:
            "READY=1"
        case .reloading(let monotonicMicroseconds):
            "RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds)"
        case .stopping:
            "STOPPING=1"
        case .status(let text):
            "STATUS=" + OneLine.bounded(OneLine.flattened(text), to: Self.statusByteLimit)
        case .extendTimeout(let duration):
            "EXTEND_TIMEOUT_USEC=\(Self.microseconds(duration))"
        case .watchdog:
            "WATCHDOG=1"
        }
    }

    /// `duration` in whole microseconds, rounded up so that a short extension is not none, and
    /// between 0 and what 64 bits hold.
    private static func microseconds(_ duration: Duration) -> UInt64 {
        guard duration > .zero else { return 0 }
        let (seconds, attoseconds) = duration.components
        let fraction = UInt64((attoseconds + 999_999_999_999) / 1_000_000_000_000)
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000)
        // UInt64.max would be read as "infinity".
        return overflow ? UInt64.max - 1 : min(whole &+ fraction, UInt64.max - 1)
    }
}
