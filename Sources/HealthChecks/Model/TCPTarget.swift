import Registry
public import Texts

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
