import Registry
import Texts

/// A request and what its answer must look like.
///
/// As with HAProxy's `httpchk`, a status of 2xx or 3xx passes unless others are named, and redirects
/// are not followed: the check asks this host, and another one's answer would say nothing about it.
/// Without ``contains`` the answer is judged by its head, and its body is not read.
public struct HTTPCheck: Hashable, Sendable, CustomStringConvertible {
    /// One header of the request.
    public struct Header: Hashable, Sendable {
        /// Its name.
        public let name: String
        /// Its value; never shown.
        public let value: String

        /// A header, or `nil` when the name is no token or the value has a control character.
        public init?(_ name: String, _ value: String) {
            guard HTTPCheck.isToken(name),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 })
            else { return nil }
            self.name = name
            self.value = value
        }
    }

    /// The statuses that pass by default, as in HAProxy and Kubernetes.
    public static let usualStatuses: [ClosedRange<Int>] = [200...399]

    /// The URL to request.
    public let address: HTTPAddress
    /// The method, in upper case.
    public let method: String
    /// Headers in addition to our own; one of the same name replaces ours.
    public let headers: [Header]
    /// The statuses that pass.
    public let statuses: [ClosedRange<Int>]
    /// The bytes that the first 64 KiB of the body must contain; `nil` for any body.
    public let contains: String?
    /// The certificates to trust with `https`.
    public let trust: TLSTrust

    /// Describes a check.
    ///
    /// - Returns: `nil` when the method is no token, no status is named, or `contains` is empty.
    public init?(
        _ address: HTTPAddress,
        method: String = "GET",
        headers: [Header] = [],
        statuses: [ClosedRange<Int>] = usualStatuses,
        contains: String? = nil,
        trust: TLSTrust = TLSTrust()
    ) {
        guard Self.isToken(method), !statuses.isEmpty, contains?.isEmpty != true else {
            return nil
        }
        self.address = address
        self.method = method.uppercased()
        self.headers = headers
        self.statuses = statuses
        self.contains = contains
        self.trust = trust
    }

    /// The method and the URL.
    public var description: String { "\(method) \(address)" }

    /// RFC 9110, 5.6.2.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}

/// The certificates that an `https` check trusts.
public struct TLSTrust: Hashable, Sendable {
    /// Whether the certificate and the name in it are verified. If not, anybody can answer.
    public var verifies: Bool
    /// A PEM file of the authorities to trust instead of the system's.
    public var authorities: String?
    /// The name to ask for and to find in the certificate, when it is not the URL's host.
    public var serverName: String?

    /// The defaults trust the system's authorities.
    public init(verifies: Bool = true, authorities: String? = nil, serverName: String? = nil) {
        self.verifies = verifies
        self.authorities = authorities
        self.serverName = serverName
    }
}

/// An `http` or `https` URL that a check requests: no user, no password, no fragment.
public struct HTTPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Whether it is `https`.
    public let isSecure: Bool
    /// Where to connect.
    public let target: TCPTarget
    /// The path with the query, at least `/`.
    public let resource: String

    /// Reads a URL.
    ///
    /// - Returns: `nil` for anything else than `http[s]://host[:port][/path][?query]` in printable ASCII.
    ///   Credentials belong into a header: a URL is shown in logs.
    public init?(_ text: String) {
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
            !text.contains("#"), !text.contains("\\"),
            let (isSecure, rest) = Self.scheme(of: text)
        else { return nil }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let target = Self.target(rest[..<end], port: isSecure ? 443 : 80) else { return nil }
        self.isSecure = isSecure
        self.target = target
        let resource = rest[end...]
        self.resource = resource.hasPrefix("/") ? String(resource) : "/" + resource
    }

    /// The value of the `Host` header; with the port only when it is not the scheme's own.
    public var authority: String {
        let host = target.host.family == .ipv6 ? "[\(target.host)]" : target.host.text
        return target.port == (isSecure ? 443 : 80) ? host : "\(host):\(target.port)"
    }

    /// The URL without its query, where secrets stand now and then.
    public var description: String {
        let path = resource.prefix { $0 != "?" }
        return "\(isSecure ? "https" : "http")://\(authority)\(path)"
    }

    private static func scheme(of text: String) -> (isSecure: Bool, rest: Substring)? {
        let lowered = text.prefix(8).lowercased()
        if lowered.hasPrefix("http://") { return (false, text.dropFirst(7)) }
        if lowered.hasPrefix("https://") { return (true, text.dropFirst(8)) }
        return nil
    }

    private static func target(_ authority: Substring, port: UInt16) -> TCPTarget? {
        if let target = TCPTarget(authority) { return target }
        guard !authority.contains(":") || authority.hasSuffix("]"),
            !authority.hasSuffix(":")
        else { return nil }
        return HostAddress(authority).map { TCPTarget(host: $0, port: port) }
    }
}
