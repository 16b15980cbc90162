public import Texts

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

    /// Reads `https://host:port`, `http://host:port`, `host:port` or `host`, as etcdctl does. An IPv6
    /// address with a port stands in brackets (RFC 3986 §3.2.2).
    ///
    /// - Throws: ``EtcdError`` of code ``EtcdError/Code/invalidArgument`` with the remedy: for
    ///   another scheme, a path, user information, or a host or port that cannot be.
    public init(_ text: String) throws(EtcdError) {
        let (scheme, rest) = try Self.scheme(of: text)
        if let sentence = Self.lackOfBrackets(in: rest, scheme) { throw .invalidArgument(sentence) }
        if let both = HostAddress.split(rest) {
            self.init(scheme: scheme, host: both.address, port: both.port)
        } else if let host = HostAddress(rest) {
            self.init(scheme: scheme, host: host, port: Self.standardPort)
        } else {
            throw .invalidArgument(Self.fault(in: rest))
        }
    }

    /// What an IPv6 address and a port without brackets say when all of it is taken for the address, which is
    /// how version 0.1.0 read them: `http://2001:db8::5:2379` is `http://[2001:db8::5:2379]:2379`.
    ///
    /// - Returns: `nil` for anything else.
    package init?(takenForOneAddress text: String) {
        // What is wrong with it is said by whoever reads it as an endpoint.
        guard let (scheme, rest) = try? Self.scheme(of: text),
            Self.lackOfBrackets(in: rest, scheme) != nil, let host = HostAddress(rest)
        else { return nil }
        self.init(scheme: scheme, host: host, port: Self.standardPort)
    }

    private static func scheme(
        of text: String
    ) throws(EtcdError) -> (scheme: Scheme, rest: Substring) {
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
        return (scheme, rest)
    }

    /// Of an IPv6 address that is followed by a port nobody can tell where one ends and the other begins.
    private static func lackOfBrackets(in rest: Substring, _ scheme: Scheme) -> String? {
        guard let colon = rest.lastIndex(of: ":"), !rest.hasPrefix("["),
            let port = Self.port(rest[rest.index(after: colon)...]),
            let host = HostAddress(rest[..<colon]), host.family == .ipv6
        else { return nil }
        let meant = EtcdEndpoint(scheme: scheme, host: host, port: port)
        let sentence = "an IPv6 address stands in brackets: \(meant)"
        guard let whole = HostAddress(rest) else { return sentence }
        let other = EtcdEndpoint(scheme: scheme, host: whole, port: standardPort)
        return "\(sentence), or \(other) if all of it is the address"
    }

    private static func port(_ digits: Substring) -> UInt16? {
        let isNumber = digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, (1...5).contains(digits.utf8.count), let port = UInt16(digits), port > 0
        else { return nil }
        return port
    }

    /// Why there is no host and port: a sentence for each kind of mistake. It repeats nothing of the text,
    /// which may hold a password.
    private static func fault(in rest: Substring) -> String {
        if rest.contains(",") || rest.contains(" ") {
            return "an endpoint is one address; write each of several in quotes of its own, "
                + #"["http://10.0.0.1:2379", "http://10.0.0.2:2379"]"#
        }
        if rest.contains("/") || rest.contains("?") || rest.contains("#") {
            return "an endpoint ends with its port, without a path"
        }
        if rest.contains("%") {
            return
                "an endpoint cannot have an IPv6 address with a zone (%eth0); give etcd an address that "
                + "is valid without one, or use its name"
        }
        let (host, port) = parts(of: rest)
        if let port, Self.port(port) == nil, host.isEmpty || HostAddress(host) != nil {
            return "the port of an endpoint is a number from 1 to 65535"
        }
        if host.contains("_") {
            return
                "the host in an endpoint has no underscores, which host names cannot have (RFC 1123); "
                + "use its IP address, or give it another name"
        }
        if host.hasPrefix("[") || host.contains(":") {
            return
                "an IPv6 address stands in brackets, as in http://[2001:db8::5]:2379, and this is none"
        }
        if host.split(separator: ".").last?.utf8.allSatisfy({ (0x30...0x39).contains($0) }) == true
        {
            return
                "the host in an endpoint is no IPv4 address, which has four numbers from 0 to 255"
        }
        return "an endpoint is https://HOST:PORT or http://HOST:PORT, for example "
            + "https://10.0.0.1:2379"
    }

    /// The host, and what stands where the port has its place; brackets hold no port.
    private static func parts(of rest: Substring) -> (host: Substring, port: Substring?) {
        guard let colon = rest.lastIndex(of: ":") else { return (rest, nil) }
        let (host, port) = (rest[..<colon], rest[rest.index(after: colon)...])
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        return isBracketed || !host.contains(":") ? (host, port) : (rest, nil)
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
