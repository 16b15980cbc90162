public import Registry

/// One address at which a member of the cluster answers clients: `http://10.0.0.1:2379`.
public struct EtcdEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// The host.
    public let host: HostAddress
    /// The port; 2379 when none is written.
    public let port: UInt16

    /// etcd's client port.
    public static let standardPort: UInt16 = 2379
    /// etcd on this host, the default everywhere.
    public static let local = EtcdEndpoint(host: loopback, port: standardPort)

    /// Names an endpoint.
    public init(host: HostAddress, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `http://host:port`, `host:port` or `host`, as etcdctl does.
    ///
    /// - Throws: ``EtcdError`` of code ``EtcdError/Code/invalidArgument`` with the remedy: for
    ///   another scheme, for `https` (TLS is not supported yet), a path, user information, or a host
    ///   or port that cannot be.
    public init(_ text: String) throws(EtcdError) {
        var rest = text[...]
        if let colon = text.firstRange(of: "://") {
            let scheme = text[..<colon.lowerBound].lowercased()
            guard scheme == "http" else {
                // The rest may hold a password: it is not repeated.
                throw .invalidArgument(
                    scheme == "https"
                        ? "an https endpoint needs TLS, which this version does not speak; write http://"
                        : "an endpoint starts with http://, not with \(scheme.prefix(16))://"
                )
            }
            rest = text[colon.upperBound...]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.contains("@") else {
            throw .invalidArgument("an endpoint holds no user name or password")
        }
        if let both = HostAddress.split(rest) {
            self.init(host: both.address, port: both.port)
        } else if let host = HostAddress(rest) {
            self.init(host: host, port: Self.standardPort)
        } else {
            throw .invalidArgument(
                "an endpoint is http://HOST:PORT, for example http://10.0.0.1:2379"
            )
        }
    }

    /// `http://host:port`.
    public var description: String { "http://\(host.joined(port: port))" }

    private static let loopback: HostAddress = {
        guard let address = HostAddress("127.0.0.1") else {
            preconditionFailure("127.0.0.1 is an IP address")
        }
        return address
    }()
}
