import Glibc
import Texts

/// The reason why HAProxy could not be asked over its socket: a code, and a sentence with the remedy.
public struct RuntimeFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Hashable, Sendable {
        /// There is no socket at the path, or nobody listens at it.
        case notRunning
        /// The daemon's user may not connect.
        case notPermitted
        /// It does not answer in time.
        case noAnswer
        /// It ended the connection without an answer, as a process does that is being replaced.
        case interrupted
        /// The answer is cut off, or is none to the question.
        case unexpected
        /// A call of the system failed.
        case system
    }

    /// The kind of failure.
    public let code: Code
    /// The sentence.
    public let message: String

    /// Describes a failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The sentence.
    public var description: String { message }

    static func unexpected(_ answer: String, to question: String) -> RuntimeFault {
        guard !answer.isEmpty else {
            return RuntimeFault(.interrupted, "HAProxy answers nothing to \(Quoted(question))")
        }
        return RuntimeFault(
            .unexpected,
            "HAProxy answers \(Quoted(answer)) to \(Quoted(question)); is the socket one of HAProxy 2.6 or newer, "
                + "with \"level admin\"?"
        )
    }

    /// The one place where numbers of the system become faults of the socket; see connect(2), unix(7).
    static func system(_ errno: Int32, at path: String) -> RuntimeFault {
        switch errno {
        case ENOENT, ECONNREFUSED:
            RuntimeFault(
                .notRunning,
                "nobody listens at \(path): HAProxy is not running, or its \"stats socket\" is another one"
            )
        case EACCES, EPERM:
            RuntimeFault(
                .notPermitted,
                "no permission to connect to \(path); the daemon needs the socket's group: "
                    + "SupplementaryGroups=haproxy with 'systemctl edit discoveryd'"
            )
        case ECONNRESET, EPIPE:
            RuntimeFault(.interrupted, "HAProxy ended the connection at \(path)")
        case EAGAIN, ETIMEDOUT:
            RuntimeFault(.noAnswer, "HAProxy does not answer at \(path)")
        default: RuntimeFault(.system, "\(path): \(errnoText(errno))")
        }
    }
}
