internal import Glibc
import Texts

extension SystemdError {
    /// The same error, which says what it was about.
    func about(reloading unit: String) -> SystemdError {
        var error = self
        error.message = "cannot reload \(OneLine.flattened(unit)): \(self.message)"
        return error
    }

    /// It was begun, and goes on.
    static func reloadTimedOut(_ unit: String) -> SystemdError {
        SystemdError(
            code: .reloadTimedOut,
            message: """
                the reload of \(OneLine.flattened(unit)) goes on, longer than we wait; look what \
                its ExecReload= waits for: systemctl status
                """,
            errno: ETIMEDOUT
        )
    }

    /// - Parameter result: What JobRemoved says of the job; see org.freedesktop.systemd1(5).
    static func reloadFailed(_ unit: String, result: String) -> SystemdError {
        let unit = OneLine.flattened(unit)
        let message =
            switch result {
            case "failed":
                "the reload of \(unit) failed; see journalctl -u \(unit)"
            case "canceled":
                "the reload of \(unit) was cancelled by somebody, as systemctl cancel does"
            case "timeout":
                "the reload of \(unit) took longer than its TimeoutStartSec= allows; it may be shorter"
            case "dependency":
                "\(unit) was not reloaded, as a unit that it needs failed; see systemctl status \(unit)"
            default:
                """
                the reload of \(unit) ended with "\(OneLine.flattened(result))"; see \
                journalctl -u \(unit)
                """
            }
        return SystemdError(
            code: .reloadFailed,
            message: message,
            errno: result == "timeout" ? ETIMEDOUT : EIO
        )
    }
}
