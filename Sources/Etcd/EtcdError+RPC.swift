import GRPCCore
import GRPCTransport

/// The one place where a gRPC status becomes an ``EtcdError``.
extension EtcdError {
    /// Reads what a call threw. See etcd's `api/v3rpc/rpctypes/error.go` for the words.
    init(rpc error: any Error, method: String, endpoint: EtcdEndpoint?) {
        if let error = error as? EtcdError {
            self = error
            return
        }
        let (code, message): (Code, String) =
            switch error {
            case is CancellationError: (.cancelled, "the call was cancelled")
            case let error as RPCError: Self.read(error)
            default: (.other, String(describing: error))
            }
        self.init(
            code,
            message,
            method: method,
            endpoint: endpoint.map(String.init(describing:)),
            cause: error
        )
    }

    private static func read(_ error: RPCError) -> (Code, String) {
        if error.cause is CancellationError { return (.cancelled, "the call was cancelled") }
        let said = error.message
        switch error.code {
        case .unavailable:
            let reason = (error.cause as? ConnectionError).map(reason)
            return (.unavailable, reason ?? "not reachable: \(said)")
        case .deadlineExceeded:
            return (.deadlineExceeded, "no answer in time")
        case .cancelled:
            // Ours has a cause; to a caller, this one is as if the member had gone.
            return (.unavailable, "the server cancelled the call: \(said)")
        case .unauthenticated:
            return (.unauthenticated, unknownUser(said))
        case .permissionDenied:
            return (
                .permissionDenied,
                "etcd denies permission to the user: \(said); grant its role these keys "
                    + "(etcdctl role grant-permission)"
            )
        default:
            return readText(said)
        }
    }

    /// For statuses that etcd uses for several things, its words decide.
    private static func readText(_ said: String) -> (Code, String) {
        if said.contains("has been compacted") { return (.compacted(at: nil), said) }
        if said.contains("is a future revision") { return (.futureRevision, said) }
        if said.contains("requested lease not found") { return (.leaseNotFound, said) }
        if said.contains("lease already exists") { return (.leaseExists, said) }
        if said.contains("duplicate key given") { return (.duplicateKey, said) }
        if isAboutCaller(said) { return (.unauthenticated, unknownUser(said)) }
        if said.contains("resourceExhausted") || said.contains("too large")
            || said.contains("too many requests") || said.contains("no space")
            || said.contains("database space exceeded")
        {
            return (.resourceExhausted, said)
        }
        if said.contains("etcdserver: key is not provided") || said.contains("etcdserver:") {
            return (.invalidArgument, said)
        }
        return (.other, said)
    }

    /// Whether words of etcd are about who calls: without a token, with a void one, or with one from
    /// before the users and roles were changed, for which there are two sentences.
    static func isAboutCaller(_ said: String) -> Bool {
        [
            "user name is empty", "authentication failed", "invalid auth token",
            "revision of auth store is old", "revision in header is old",
        ].contains { said.contains($0) }
    }

    private static func unknownUser(_ said: String) -> String {
        let remedy =
            said.contains("user name is empty")
            ? "; it has users: set username and password_file" : ""
        return "etcd authentication failed: \(said)\(remedy)"
    }

    // MARK: logging in

    /// Whether a login failed because there is nothing to log in to.
    var saysThatUsersAreOff: Bool { message.contains("authentication is not enabled") }

    /// The same error, as the failure of a login.
    func asLogin(of username: String) -> EtcdError {
        switch code {
        case .unavailable, .deadlineExceeded, .cancelled, .unusableFile: return self
        default:
            let said = (cause as? RPCError)?.message ?? message
            return EtcdError(
                .unauthenticated,
                "etcd rejected the user \(username): check username and password_file (\(said))",
                method: method,
                endpoint: endpoint,
                cause: self
            )
        }
    }

    /// Whether a call may have been refused for its token, so that a new one may help.
    ///
    /// Of a watch with a void token, etcd 3.4 and 3.5.1 say that permission is denied.
    func mayBeAboutToken(isWatch: Bool) -> Bool {
        switch code {
        case .unauthenticated: true
        case .permissionDenied, .watchCancelled: isWatch
        default: false
        }
    }
}
