/// An error of a call to the store: a code to branch on, a sentence, the cause.
public struct StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of failure; what to do follows from it.
    public enum Code: Hashable, Sendable {
        /// Not reachable, or no answer in time: try again later.
        case unavailable
        /// The lease has ended.
        case leaseNotFound
        /// The wanted history is compacted away: take a snapshot.
        case compacted
        /// Refused as it stands (permission, a bad request): said to people, and tried again all the
        /// same, for permissions change.
        case refused
        /// The task was cancelled.
        case cancelled
        /// Anything else.
        case other
    }

    /// The kind of failure.
    public let code: Code
    /// A sentence for people.
    public let message: String
    /// The error underneath.
    public let cause: (any Error)?

    /// Describes a failure.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Whether both say the same. What is underneath is not compared: that may be any error.
    public static func == (left: StoreError, right: StoreError) -> Bool {
        left.code == right.code && left.message == right.message
    }

    /// The sentence.
    public var description: String { message }
}
