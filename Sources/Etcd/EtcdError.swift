/// An error of a call to etcd: a code to branch on, a sentence with the remedy, the cause.
public struct EtcdError: Error, Sendable {
    /// The kind of failure; what to do follows from it.
    public enum Code: Hashable, Sendable {
        /// No member could be reached, or the connection broke. Try again later.
        case unavailable
        /// No answer within the call's deadline. The call may have taken effect.
        case deadlineExceeded
        /// The wanted revision, or the one a watch was to start at, is compacted away. Get the
        /// current state, then watch after its revision. `at` is the oldest revision that is left,
        /// where the server says it.
        case compacted(at: EtcdRevision?)
        /// The wanted revision is newer than the cluster's.
        case futureRevision
        /// The lease does not exist: expired, revoked or never granted.
        case leaseNotFound
        /// A lease of that id exists already.
        case leaseExists
        /// The server ended a watch for the reason in the message.
        case watchCancelled
        /// The request was refused as it stands; repeating it will not help.
        case invalidArgument
        /// The request is larger than the server takes, or it has no room.
        case resourceExhausted
        /// Not known to the server: log in.
        case unauthenticated
        /// Known, but not allowed.
        case permissionDenied
        /// A file that the configuration names cannot be read, or does not hold what it should.
        case unusableFile
        /// Two operations of one transaction write the same key.
        case duplicateKey
        /// The caller's task was cancelled.
        case cancelled
        /// The client is not running (any more): see ``EtcdClient/run()``.
        case notRunning
        /// Anything else; the message says what the server said.
        case other
    }

    /// The kind of failure.
    public let code: Code
    /// A sentence for people, with the remedy where there is one.
    public let message: String
    /// The method that failed, as in etcd's API (`KV.Put`), when one did.
    public let method: String?
    /// The endpoint it failed on, when known.
    public let endpoint: String?
    /// The error underneath.
    public let cause: (any Error)?

    /// Describes a failure.
    public init(
        _ code: Code,
        _ message: String,
        method: String? = nil,
        endpoint: String? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.method = method
        self.endpoint = endpoint
        self.cause = cause
    }

    static let notRunning = EtcdError(.notRunning, "the client has stopped; make a new one")

    static func invalidArgument(_ message: String) -> EtcdError {
        EtcdError(.invalidArgument, message)
    }
}

extension EtcdError: CustomStringConvertible {
    /// The sentence, with the endpoint and method in front.
    public var description: String {
        let place = [endpoint, method].compactMap { $0 }.joined(separator: " ")
        return place.isEmpty ? message : "\(place): \(message)"
    }
}
