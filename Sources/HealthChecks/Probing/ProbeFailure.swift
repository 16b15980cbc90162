import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL
import Texts

/// A failed probe: a code to branch on and a sentence with the remedy.
public struct ProbeFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Hashable, Sendable {
        /// Connection refused: nothing listens there.
        case refused
        /// No route to the host, or no answer.
        case unreachable
        /// The name has no address.
        case nameUnknown
        /// The connection was closed before the response was complete.
        case closed
        /// The TLS handshake failed, or the certificate is not trusted.
        case tls
        /// The response is not HTTP.
        case protocolError
        /// The status of the answer is none of those that pass.
        case status
        /// The body of the answer lacks what must be in it.
        case content
        /// The command ended with an exit status that does not pass, or by a signal.
        case exit
        /// The command wrote too much.
        case output
        /// The command could not be started.
        case notStarted
        /// The task was cancelled.
        case cancelled
        /// Anything else.
        case other
    }

    /// The kind of failure.
    public let code: Code
    /// A sentence for people, with the remedy.
    public let message: String
    /// The error underneath, in its own words; empty when our own look refused.
    public let cause: String

    /// A failure.
    public init(_ code: Code, _ message: String, cause: String = "") {
        self.code = code
        self.message = message
        self.cause = OneLine.excerpt(cause)
    }

    /// The sentence.
    public var description: String { message }

    static let cancelled = ProbeFailure(.cancelled, "the check was cancelled")
}

/// The one place where an errno, a TLS or an HTTP error becomes a ``ProbeFailure``.
extension ProbeFailure {
    init(_ error: any Error, from target: TCPTarget) {
        switch error {
        case let failure as ProbeFailure: self = failure
        case is CancellationError: self = .cancelled
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            self = .refused(by: target, cause: "\(error)")
        case let error as IOError:
            self.init(errno: error.errnoCode, from: target, cause: "\(error)")
        case let error as NIOSSLExtraError: self.init(tls: error, from: target)
        case let error as NIOSSLError: self.init(tls: error, from: target)
        case let error as HTTPParserError: self.init(http: error, from: target)
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed, ChannelError.eof:
            self = .closed(by: target, cause: "\(error)")
        default:
            self.init(
                .other,
                "\(target) could not be asked: \(OneLine.excerpt("\(error)"))",
                cause: "\(error)"
            )
        }
    }

    static func closed(by target: TCPTarget, cause: String = "") -> ProbeFailure {
        ProbeFailure(
            .closed,
            "\(target) closed the connection without a whole answer; see the log of the service",
            cause: cause
        )
    }

    static func refused(by target: TCPTarget, cause: String = "") -> ProbeFailure {
        ProbeFailure(
            .refused,
            "connection refused: nothing listens on \(target); start the service, or correct the check",
            cause: cause
        )
    }

    private init(errno: Int32, from target: TCPTarget, cause: String) {
        let (code, message): (Code, String) =
            switch errno {
            case EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, EHOSTDOWN, ENETDOWN:
                (.unreachable, "no route to \(target); see 'ip route get \(target.host)'")
            case ETIMEDOUT:
                (.unreachable, "connection to \(target) timed out; a firewall may drop the packets")
            case ECONNRESET, EPIPE:
                (.closed, "connection reset by \(target); see the log of the service")
            case EACCES, EPERM:
                (
                    .unreachable,
                    "connecting to \(target) is not permitted; see the firewall, and "
                        + "IPAddressDeny= of the daemon's unit"
                )
            case EMFILE, ENFILE:
                (.other, "there are too many open files; raise LimitNOFILE= of the daemon's unit")
            default: (.other, "\(target): \(errnoText(errno))")
            }
        self.init(code, message, cause: cause)
    }

    private init(tls error: NIOSSLExtraError, from target: TCPTarget) {
        if error == .failedToValidateHostname || error == .serverHostnameImpossibleToMatch {
            self.init(
                .tls,
                "the certificate of \(target) is for another name; set the name that is in it as the "
                    + "check's server name",
                cause: "\(error)"
            )
        } else {
            self.init(
                .tls,
                "TLS with \(target) failed: \(OneLine.excerpt("\(error)"))",
                cause: "\(error)"
            )
        }
    }

    private init(tls error: NIOSSLError, from target: TCPTarget) {
        let cause = "\(error)"
        switch error {
        case .handshakeFailed where cause.contains("CERTIFICATE_VERIFY_FAILED"):
            self.init(
                .tls,
                "the certificate of \(target) is not trusted: it has expired, or its authority is not "
                    + "known here; renew it, name the authority's file, or turn verification off",
                cause: cause
            )
        case .handshakeFailed where cause.contains("WRONG_VERSION_NUMBER"):
            self.init(.tls, "\(target) does not speak TLS; ask it with http://", cause: cause)
        case .uncleanShutdown: self = .closed(by: target, cause: cause)
        default:
            self.init(.tls, "TLS with \(target) failed: \(OneLine.excerpt(cause))", cause: cause)
        }
    }

    private init(http error: HTTPParserError, from target: TCPTarget) {
        if error == .headerOverflow {
            self.init(
                .protocolError,
                "\(target) sent more than 64 KiB of headers; the check reads no further",
                cause: "\(error)"
            )
        } else if error == .invalidEOFState {
            self = .closed(by: target, cause: "\(error)")
        } else {
            self.init(
                .protocolError,
                "what \(target) answers is not HTTP; if it speaks TLS, ask it with https://",
                cause: "\(error)"
            )
        }
    }
}
