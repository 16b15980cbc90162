/// The kind of a check, with its target.
public enum CheckKind: Hashable, Sendable, CustomStringConvertible {
    /// The state of a systemd unit, set from outside; no probe runs.
    case unit(String)
    /// Whether a connection is accepted.
    case tcp(TCPTarget)
    /// The response of an HTTP server.
    case http(HTTPCheck)
    /// The exit status of a command.
    case exec(ExecCheck)

    /// As in `unit nginx.service`, `tcp 127.0.0.1:8080`, `GET http://127.0.0.1/healthz`.
    public var description: String {
        switch self {
        case .unit(let name): "unit \(name)"
        case .tcp(let target): "tcp \(target)"
        case .http(let check): check.description
        case .exec(let check): "exec \(check)"
        }
    }
}
