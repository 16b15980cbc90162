internal import Glibc
import Texts

/// An error of a call to systemd, or of a notification: a code, a sentence with the remedy, and the errno.
public struct SystemdError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What failed.
    public var code: Code

    /// A sentence for the administrator: what happened, and the remedy.
    public var message: String

    /// The positive errno(3) behind it.
    public var errno: Int32

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - code: What failed.
    ///   - message: A sentence that says what happened and what to do about it.
    ///   - errno: The positive errno(3) behind it.
    public init(code: Code, message: String, errno: Int32) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    /// The message, and the errno in the words of strerror(3).
    public var description: String {
        "\(self.message) (\(errnoText(self.errno)))"
    }

    /// What failed. A struct over a hidden enum, so that a new code breaks no `switch`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case notificationNotSent
            case machineIdentityMissing
            case machineIdentityUnreadable
            case busUnreachable
            case busTimedOut
            case notAUnit
            case objectGone
            case accessDenied
            case unitNotFound
            case unitCannotReload
            case jobConflicts
            case reloadFailed
            case reloadTimedOut
            case refused
            case answerNotUnderstood
            case cancelled
        }

        private var kind: Kind

        /// The service manager's socket is named in `$NOTIFY_SOCKET` but did not take the datagram.
        public static let notificationNotSent = Code(kind: .notificationNotSent)

        /// `/etc/machine-id` is missing, empty or not initialized: this machine has no identity.
        public static let machineIdentityMissing = Code(kind: .machineIdentityMissing)

        /// `/etc/machine-id` is there but cannot be read, or does not hold an id.
        public static let machineIdentityUnreadable = Code(kind: .machineIdentityUnreadable)

        /// There is no system bus, it does not let us in or went away, or systemd is not on it.
        public static let busUnreachable = Code(kind: .busUnreachable)

        /// No answer from systemd came over the system bus in time.
        public static let busTimedOut = Code(kind: .busTimedOut)

        /// This process is not a unit of the system's systemd.
        public static let notAUnit = Code(kind: .notAUnit)

        /// The object of the call does not exist any more.
        public static let objectGone = Code(kind: .objectGone)

        /// We have not the right to do this.
        public static let accessDenied = Code(kind: .accessDenied)

        /// There is no unit of that name, or its file cannot be loaded.
        public static let unitNotFound = Code(kind: .unitNotFound)

        /// The unit has no way to reload.
        public static let unitCannotReload = Code(kind: .unitCannotReload)

        /// A job of another kind is queued for the unit, such as a stop.
        public static let jobConflicts = Code(kind: .jobConflicts)

        /// The unit was told to reload, and that did not succeed.
        public static let reloadFailed = Code(kind: .reloadFailed)

        /// The unit was told to reload, and had not done so in time; it goes on.
        public static let reloadTimedOut = Code(kind: .reloadTimedOut)

        /// systemd refuses, for a reason that has no code here; the sentence says which.
        public static let refused = Code(kind: .refused)

        /// systemd's answer is not of the form that its documentation says.
        public static let answerNotUnderstood = Code(kind: .answerNotUnderstood)

        /// The task that waited for an answer was cancelled.
        public static let cancelled = Code(kind: .cancelled)

        /// The name of the code.
        public var description: String {
            self.kind.rawValue
        }
    }
}
