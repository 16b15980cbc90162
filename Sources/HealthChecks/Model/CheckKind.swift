/// What a check looks at.
public enum CheckKind: Hashable, Sendable, CustomStringConvertible {
    /// The state of a systemd unit, told from outside; nothing runs.
    case unit(String)
    /// Whether somebody accepts a connection.
    case tcp(TCPTarget)
    /// What an HTTP server answers.
    case http(HTTPCheck)
    /// How a command exits.
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
