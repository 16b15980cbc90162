/// Where a server listens.
public enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// An IP address, IPv6 without brackets, and a TCP port.
    case tcp(host: String, port: Int)
    /// The path of a unix socket.
    case unix(path: String)

    /// As it is written in a configuration: `127.0.0.1:9469`, `[::1]:9469`, `unix:/run/x.sock`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
