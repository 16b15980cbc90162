extension HostAddress {
    /// A reason for which nobody can reach a service at an address, as the end of a sentence that starts with it.
    ///
    /// Source: IANA, "IPv4 Special-Purpose Address Registry" and the same for IPv6; RFC 1122, 3.2.1.3.
    public enum Unusable: String, Hashable, Sendable, CustomStringConvertible {
        /// 0.0.0.0/8 and `::`.
        case unspecified = "is nobody's; a server may listen there, and nobody can connect to it"
        /// 224.0.0.0/4 and ff00::/8.
        case multicast = "is a multicast address, not that of a host"
        /// 255.255.255.255.
        case broadcast = "is the broadcast address, not that of a host"
        /// fe80::/10: without its zone it names no host, and with it only to its neighbours.
        case linkLocal =
            "is a link-local address, which means nothing without the interface it is on"

        /// The end of the sentence.
        public var description: String { rawValue }
    }

    /// Why nobody can reach a service there, or `nil` when somebody may. Of a name that is not known.
    public var unusable: Unusable? {
        switch family {
        case .name: return nil
        case .ipv4: return Self.unusable(ipv4: text.utf8)
        case .ipv6:
            // As inet_ntop(3) spells it.
            if text == "::" { return .unspecified }
            if text.hasPrefix("::ffff:"), text.utf8.contains(UInt8(ascii: ".")) {
                return Self.unusable(ipv4: text.utf8.dropFirst(7))
            }
            let first = text.utf8.prefix { $0 != UInt8(ascii: ":") }
            guard first.count == 4, let group = UInt16(String(first) ?? "", radix: 16) else {
                return nil
            }
            if group >= 0xff00 { return .multicast }
            return group & 0xffc0 == 0xfe80 ? .linkLocal : nil
        }
    }

    private static func unusable(ipv4 text: some Collection<UInt8>) -> Unusable? {
        // Nearly all begin with another digit.
        guard text.first == UInt8(ascii: "0") || text.first == UInt8(ascii: "2") else { return nil }
        var first = 0
        for byte in text.prefix(while: { $0 != UInt8(ascii: ".") }).prefix(3) {
            first = first * 10 + Int(byte &- 0x30)
        }
        switch first {
        case 0: return .unspecified
        case 224...239: return .multicast
        case 255: return text.elementsEqual("255.255.255.255".utf8) ? .broadcast : nil
        default: return nil
        }
    }
}
