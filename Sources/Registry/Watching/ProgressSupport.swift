/// Decides whether a connection carries answers to requests for progress.
///
/// etcd's grpc-proxy answers none, and for all one sees of the stream that is a member that stands still.
/// But a member that stands still answers no reads either. So two watches in turn whose requests stayed
/// unanswered while reads over the same connection were answered show that something in between does not
/// pass them on. One would not: a member may be slow with one watch.
struct ProgressSupport: Sendable {
    /// The connection that this is about.
    private var connection: Int?
    private var silentWatches = 0

    /// Whether requests for progress are not answered over this connection.
    private(set) var isAbsent = false

    /// A watch is opened over a connection. A new connection may lead elsewhere.
    mutating func opened(over connection: Int) {
        guard self.connection != connection else { return }
        self = ProgressSupport()
        self.connection = connection
    }

    /// A watch gave no answer, and a read did.
    mutating func watchKeptSilent() {
        silentWatches += 1
        if silentWatches >= Self.enough { isAbsent = true }
    }

    /// A request for progress was answered.
    mutating func answered() {
        silentWatches = 0
        isAbsent = false
    }

    private static let enough = 2
}
