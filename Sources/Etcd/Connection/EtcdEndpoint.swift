public import Registry

/// One address at which a member of the cluster answers clients: `https://10.0.0.1:2379`.
public struct EtcdEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// What is spoken there.
    public enum Scheme: String, Hashable, Sendable {
        /// Nothing is encrypted and nobody proves who they are.
        case http
        /// TLS; see ``EtcdClient/TLS``.
        case https
    }

    /// What is spoken there; `http` when none is written.
    public let scheme: Scheme
    /// The host.
    public let host: HostAddress
    /// The port; 2379 when none is written.
    public let port: UInt16

    /// etcd's client port.
    public static let standardPort: UInt16 = 2379
    /// etcd on this host, the default everywhere.
    public static let local = EtcdEndpoint(host: loopback, port: standardPort)

    /// Names an endpoint.
    public init(scheme: Scheme = .http, host: HostAddress, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// Reads `https://host:port`, `http://host:port`, `host:port` or `host`, as etcdctl does.
    ///
    /// - Throws: ``EtcdError`` of code ``EtcdError/Code/invalidArgument`` with the remedy: for
    ///   another scheme, a path, user information, or a host or port that cannot be.
    public init(_ text: String) throws(EtcdError) {
        var rest = text[...]
        var scheme = Scheme.http
        if let colon = text.firstRange(of: "://") {
            let written = text[..<colon.lowerBound].lowercased()
            guard let known = Scheme(rawValue: written) else {
                // The rest may hold a password: it is not repeated.
                throw .invalidArgument(
                    "an endpoint starts with https:// or http://, not with \(written.prefix(16))://"
                )
            }
            scheme = known
            rest = text[colon.upperBound...]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.contains("@") else {
            throw .invalidArgument("an endpoint holds no user name or password")
        }
        if let both = HostAddress.split(rest) {
            self.init(scheme: scheme, host: both.address, port: both.port)
        } else if let host = HostAddress(rest) {
            self.init(scheme: scheme, host: host, port: Self.standardPort)
        } else {
            throw .invalidArgument(
                "an endpoint is https://HOST:PORT or http://HOST:PORT, for example "
                    + "https://10.0.0.1:2379"
            )
        }
    }

    /// `https://host:port`.
    public var description: String { "\(scheme.rawValue)://\(host.joined(port: port))" }

    private static let loopback: HostAddress = {
        guard let address = HostAddress("127.0.0.1") else {
            preconditionFailure("127.0.0.1 is an IP address")
        }
        return address
    }()
}
