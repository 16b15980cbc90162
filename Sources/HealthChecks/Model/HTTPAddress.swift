import Registry
import Texts

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
