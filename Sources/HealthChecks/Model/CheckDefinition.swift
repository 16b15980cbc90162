public import Registry
public import Texts

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

/// The host and port that a check connects to.
public struct TCPTarget: Hashable, Sendable, CustomStringConvertible {
    /// An IP address, or a name to be resolved at each run.
    public var host: HostAddress
    /// The port.
    public var port: UInt16

    /// Names a target.
    public init(host: HostAddress, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; IPv6 in brackets. `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        guard let (host, port) = HostAddress.split(text) else { return nil }
        self.init(host: host, port: port)
    }

    /// `host:port`.
    public var description: String { host.joined(port: port) }
}

/// A command whose exit status is the result. It runs without a shell, in a session of its own, in `/`, with
/// a minimal environment and nothing on its standard input.
///
/// 0 passes, anything else fails. 1 is a warning to Nagios' plugins and a plain failure to every other
/// command (`false`, `pg_isready`, `grep`), and a warning does not count as passing in Consul either;
/// so it fails, unless the plugin's meaning is configured.
public struct ExecCheck: Hashable, Sendable, CustomStringConvertible {
    /// The program, by its absolute path.
    public let program: String
    /// The arguments, without the program.
    public let arguments: [String]
    /// Whether the exit status 1 passes.
    public var warningPasses: Bool

    /// Describes a command: the program and its arguments.
    ///
    /// - Returns: `nil` unless the first word is an absolute path, and for words with a NUL.
    public init?(_ words: [String], warningPasses: Bool = false) {
        guard let program = words.first, program.hasPrefix("/"),
            !words.contains(where: { $0.utf8.contains(0) })
        else { return nil }
        self.program = program
        arguments = Array(words.dropFirst())
        self.warningPasses = warningPasses
    }

    /// The program. Arguments are not shown: there may be a secret among them.
    public var description: String { program }
}
