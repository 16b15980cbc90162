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
