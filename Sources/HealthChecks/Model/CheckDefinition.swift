public import Registry

/// One check of a service.
public struct CheckDefinition: Hashable, Sendable {
    /// The kind, with the target.
    public var kind: CheckKind
    /// When, and how many results count. For a unit only `initial` matters, until its state is known.
    public var timing: CheckTiming

    /// Describes a check.
    public init(_ kind: CheckKind, timing: CheckTiming = CheckTiming()) {
        self.kind = kind
        self.timing = timing
    }
}

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

/// A service and all that must pass for it to be up.
public struct ServiceChecks: Hashable, Sendable {
    /// Which service.
    public var key: ServiceKey
    /// Its checks; without any it is always up.
    public var checks: [CheckDefinition]

    /// Names the checks of a service.
    public init(_ key: ServiceKey, checks: [CheckDefinition]) {
        self.key = key
        self.checks = checks
    }
}

/// The state of a systemd unit as a health check sees it. Whoever watches units maps their states to
/// this.
public enum UnitCondition: Hashable, Sendable {
    /// It runs: `active`, and `reloading`, which still serves.
    case up
    /// It is being stopped: `deactivating`. Its socket is about to close.
    case goingDown
    /// It does not run, or not yet; in the words of systemd, as in `failed (exit-code)`.
    case down(String)
}
