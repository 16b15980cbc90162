internal import Glibc
import Texts

extension SystemdError {
    /// There is no bus, it does not let us in, or it went away.
    static func busUnreachable(errno: Int32) -> SystemdError {
        let message =
            switch errno {
            case ECONNRESET, ENOTCONN, EPIPE:
                """
                the system bus closed our connection; it is being stopped, or does not know our \
                user: with DynamicUser= set User= to a user of /etc/passwd
                """
            default:
                """
                cannot reach the system bus, by which systemd is asked; start dbus, and leave \
                AF_UNIX and /run/dbus to the service when it is sandboxed
                """
            }
        return SystemdError(code: .busUnreachable, message: message, errno: errno)
    }

    /// Neither a thread nor a descriptor to ask with.
    static func busNotAsked(errno: Int32) -> SystemdError {
        SystemdError(
            code: .busUnreachable,
            message: """
                cannot ask systemd for want of a thread or a file descriptor; raise TasksMax= and \
                LimitNOFILE= of the service
                """,
            errno: errno
        )
    }

    static func busTimedOut() -> SystemdError {
        SystemdError(
            code: .busTimedOut,
            message: """
                systemd did not answer on the system bus in time; look whether it or dbus hangs: \
                systemctl status
                """,
            errno: ETIMEDOUT
        )
    }

    static func answerNotUnderstood(errno: Int32) -> SystemdError {
        SystemdError(
            code: .answerNotUnderstood,
            message: """
                what systemd answers on the system bus is not what org.freedesktop.systemd1(5) \
                says; please report it with the output of systemctl --version
                """,
            errno: errno
        )
    }

    static func cancelled() -> SystemdError {
        SystemdError(
            code: .cancelled,
            message: "systemd's answer was no longer waited for",
            errno: ECANCELED
        )
    }

    static func notAUnit(errno: Int32) -> SystemdError {
        SystemdError(
            code: .notAUnit,
            message: """
                this process is not a unit of the system's systemd, which has no jobs for it then; \
                run it as a system service to have it told a stop from a restart
                """,
            errno: errno
        )
    }

    static func accessDenied() -> SystemdError {
        SystemdError(
            code: .accessDenied,
            message: """
                systemd does not let us do this; allow it to our user by a rule in \
                /etc/polkit-1/rules.d, such as 50-discoveryd-reload.rules in the examples, and \
                have polkitd installed and not masked
                """,
            errno: EACCES
        )
    }

    /// - Parameter text: What systemd says about it, a sentence.
    static func unitNotFound(_ text: String) -> SystemdError {
        SystemdError(
            code: .unitNotFound,
            message: """
                systemd has no such unit, or cannot load it; name it with its suffix, as in \
                nginx.service, and look at it with systemctl status. It says: \
                \(OneLine.flattened(text))
                """,
            errno: ENOENT
        )
    }

    /// The one place where the errors of D-Bus and systemd get their code and sentence. See
    /// bus-common-errors.h in systemd and the D-Bus specification.
    static func refused(_ refusal: BusMessage.Refusal) -> SystemdError {
        switch refusal.name.split(separator: ".").last {
        case "ServiceUnknown", "NameHasNoOwner", "SpawnFailed", "Spawn":
            SystemdError(
                code: .busUnreachable,
                message: """
                    systemd is not on the system bus; it is not the service manager here, or is \
                    just starting again
                    """,
                errno: refusal.errno
            )
        case "NoUnitForPID", "NoSuchProcess":
            .notAUnit(errno: refusal.errno)
        case "UnknownObject", "NoSuchJob":
            SystemdError(
                code: .objectGone,
                message: "what systemd was asked about is gone; ask again",
                errno: refusal.errno
            )
        case "AccessDenied", "InteractiveAuthorizationRequired", "AuthFailed":
            .accessDenied()
        // Not the unit in question, but the one that was to say whether we may.
        case "UnitMasked" where refusal.text.contains("polkit"):
            .accessDenied()
        case "NoSuchUnit", "LoadFailed", "UnitMasked", "BadUnitSetting", "InvalidArgs":
            .unitNotFound(refusal.text)
        case "JobTypeNotApplicable":
            SystemdError(
                code: .unitCannotReload,
                message: """
                    the unit has no way to reload; give it an ExecReload= by systemctl edit, or \
                    restart it instead
                    """,
                errno: EOPNOTSUPP
            )
        case "TransactionIsDestructive", "TransactionJobsConflicting":
            SystemdError(
                code: .jobConflicts,
                message: """
                    another job of systemd stands in the way, such as a stop, and is not cancelled; \
                    look at it with systemctl list-jobs
                    """,
                errno: refusal.errno
            )
        case "NoReply", "Timeout", "TimedOut":
            .busTimedOut()
        default:
            SystemdError(
                code: .refused,
                message: """
                    systemd refuses what it was asked on the system bus, with \
                    \(OneLine.flattened(refusal.name)): \(OneLine.flattened(refusal.text))
                    """,
                errno: refusal.errno
            )
        }
    }
}
