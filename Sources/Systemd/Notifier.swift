internal import CSystemd
internal import Glibc

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
