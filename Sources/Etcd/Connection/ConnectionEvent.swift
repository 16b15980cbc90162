/// An event of a client's connection, for an observer that logs or counts.
public enum ConnectionEvent: Sendable {
    /// A member answered and serves all calls from now on.
    case connected(EtcdEndpoint, serverVersion: String)
    /// The connection in use ended; the next endpoint is tried at once.
    case lost(EtcdEndpoint, reason: String)
    /// An endpoint could not be used.
    case attemptFailed(EtcdEndpoint, EtcdError)
    /// The connection is fine, but the files that the next one needs are not, our certificate ends soon,
    /// or an authority is left out because it is not valid: a sentence with the remedy. Said once for each
    /// change.
    case filesNeedCare(EtcdEndpoint, String)
    /// No endpoint could be used; all are tried again after the delay.
    case allFailed(retryIn: Duration)
}
