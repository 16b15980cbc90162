import Glibc

/// The address of an endpoint, without its port: an IP address or a host name, in one spelling.
public struct HostAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// What kind of address it is; some formats can carry only IP addresses.
    public enum Family: Hashable, Sendable {
        /// Four decimal numbers.
        case ipv4
        /// RFC 4291, without a zone.
        case ipv6
        /// An RFC 1123 name, to be resolved by whoever reads it.
        case name
    }

    /// The bare address: IPv6 in its shortest spelling and without brackets, names in lower case.
    public let text: String
    /// What kind of address it is.
    public let family: Family

    /// Reads an IP address or a host name; brackets round IPv6 are taken off.
    ///
    /// - Returns: `nil` for anything else. A zone (`fe80::1%eth0`) means something on one host only
    ///   and so is never the address of an endpoint.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        if Self.isDottedQuad(text.utf8.span) {
            self.init(text: text, family: .ipv4)
        } else if let canonical = Self.canonical(
            text,
            family: AF_INET,
            length: MemoryLayout<in_addr>.size
        ) {
            self.init(text: canonical, family: .ipv4)
        } else if let canonical = Self.canonical(
            Self.withoutBrackets(text),
            family: AF_INET6,
            length: MemoryLayout<in6_addr>.size
        ) {
            self.init(text: canonical, family: .ipv6)
        } else if Self.isHostName(text) {
            self.init(text: text.lowercased(), family: .name)
        } else {
            return nil
        }
    }

    private init(text: String, family: Family) {
        self.text = text
        self.family = family
    }

    /// The address and a port, ready for a URL: IPv6 in brackets.
    public func joined(port: UInt16) -> String {
        family == .ipv6 ? "[\(text)]:\(port)" : "\(text):\(port)"
    }

    /// Takes `address:port` apart; IPv6 must be in brackets.
    public static func split(_ text: some StringProtocol) -> (address: HostAddress, port: UInt16)? {
        let text = String(text)
        if let both = splitDottedQuad(text.utf8.span) { return both }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard !host.contains(":") || (host.hasPrefix("[") && host.hasSuffix("]")),
            (1...5).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(digits), port > 0, let address = HostAddress(host)
        else { return nil }
        return (address, port)
    }

    /// Takes `address:port` apart that is still bytes.
    package static func split(_ text: Span<UInt8>) -> (address: HostAddress, port: UInt16)? {
        if let both = splitDottedQuad(text) { return both }
        return String(validating: text).flatMap { split($0) }
    }

    /// Whether it stays on this host: 127.0.0.0/8, `::1`, and the name `localhost`.
    public var isLoopback: Bool {
        switch family {
        case .ipv4: text.hasPrefix("127.")
        case .ipv6: text == "::1"
        case .name: text == "localhost" || text.hasSuffix(".localhost")
        }
    }

    /// The bare address.
    public var description: String { text }

    /// Byte order of the spelling.
    public static func < (left: HostAddress, right: HostAddress) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// The way of nearly all addresses: IPv4 in its one spelling, with a port.
    private static func splitDottedQuad(
        _ text: Span<UInt8>
    ) -> (address: HostAddress, port: UInt16)? {
        var port: UInt32 = 0
        var power: UInt32 = 1
        var colon = text.count
        while colon > 0 {
            colon -= 1
            let byte = text[colon]
            if byte == UInt8(ascii: ":") { break }
            guard power <= 10_000, (0x30...0x39).contains(byte) else { return nil }
            port += UInt32(byte - 0x30) * power
            power *= 10
        }
        let host = text.extracting(first: colon)
        guard isDottedQuad(host), let port = UInt16(exactly: port), port > 0,
            let text = String(validating: host)
        else { return nil }
        return (HostAddress(text: text, family: .ipv4), port)
    }

    /// Whether it is four numbers from 0 to 255 as inet_ntop(3) spells them, without leading zeros.
    private static func isDottedQuad(_ text: Span<UInt8>) -> Bool {
        guard (7...15).contains(text.count) else { return false }
        var dots = 0
        var digits = 0
        var number = 0
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "."):
                guard digits > 0 else { return false }
                dots += 1
                digits = 0
                number = 0
            case 0x30...0x39:
                guard digits == 0 || number > 0 else { return false }
                digits += 1
                number = number * 10 + Int(text[index] - 0x30)
                guard number <= 255 else { return false }
            default:
                return false
            }
        }
        return dots == 3 && digits > 0
    }

    private static func withoutBrackets(_ text: String) -> String {
        text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    }

    /// The one spelling of an IP address. See inet_pton(3), inet_ntop(3): arithmetic, no look-up.
    private static func canonical(_ text: String, family: Int32, length: Int) -> String? {
        guard !text.utf8.contains(0) else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: length, alignment: 8) { bytes in
            guard inet_pton(family, text, bytes.baseAddress) == 1 else { return nil }
            var spelling = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            guard
                inet_ntop(family, bytes.baseAddress, &spelling, socklen_t(spelling.count)) != nil
            else { return nil }
            return String(
                decoding: spelling.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)),
                as: UTF8.self
            )
        }
    }

    /// Whether a text is no host name for the one reason that its last label is a hexadecimal number.
    public static func isTakenForNumber(_ text: String) -> Bool {
        guard let last = text.utf8.split(separator: UInt8(ascii: ".")).last,
            last.starts(with: "0x".utf8) || last.starts(with: "0X".utf8)
        else { return false }
        return isNumber(last) && isHostName(text + ".x")
    }

    /// Whether inet_aton(3) takes it for a number: decimal, octal or hexadecimal.
    private static func isNumber(_ label: Substring.UTF8View) -> Bool {
        let isHexadecimal = label.starts(with: "0x".utf8) || label.starts(with: "0X".utf8)
        return (isHexadecimal ? label.dropFirst(2) : label).allSatisfy { byte in
            switch byte {
            case 0x30...0x39: true
            case 0x41...0x46, 0x61...0x66: isHexadecimal
            default: false
            }
        }
    }

    /// RFC 1123: labels of 1 to 63 letters, digits and inner hyphens, 253 bytes in all, and no number at the
    /// end: `10.0.0` is a mistyped address, and `0x7f.1` is one to inet_aton(3), which resolvers ask first.
    private static func isHostName(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...253).contains(text.utf8.count), let last = labels.last,
            !isNumber(last)
        else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-")
                && label.last != UInt8(ascii: "-")
                && label.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"): true
                    default: false
                    }
                }
        }
    }
}
