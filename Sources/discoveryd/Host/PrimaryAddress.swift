import Glibc
import Registry

/// The address that others reach this host at, as far as the host itself can tell: the source
/// address of the default route, IPv4 first.
enum PrimaryAddress {
    /// Asks the kernel which address a packet to the world would carry; nothing is sent.
    ///
    /// - Returns: `nil` when there is no route, or only one from loopback or link-local addresses,
    ///   which mean nothing to other hosts.
    ///
    /// The destinations are set aside for documentation (RFC 5737, RFC 3849): nobody is there.
    static func current() -> HostAddress? {
        source(towards: "192.0.2.1", AF_INET) ?? source(towards: "2001:db8::1", AF_INET6)
    }

    private static func source(towards destination: String, _ family: Int32) -> HostAddress? {
        var hints = addrinfo()
        hints.ai_family = family
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(destination, "9", &hints, &found) == 0, let info = found?.pointee else {
            return nil
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(
            family,
            Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0
        )
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 else { return nil }
        var source = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let hasName = withUnsafeMutablePointer(to: &source) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(descriptor, address, &length) == 0
                    && getnameinfo(
                        address,
                        length,
                        &text,
                        socklen_t(text.count),
                        nil,
                        0,
                        NI_NUMERICHOST
                    ) == 0
            }
        }
        guard hasName else { return nil }
        let bytes = text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        return usable(String(decoding: bytes, as: UTF8.self))
    }

    /// The address, unless it means something on this host or link only.
    static func usable(_ text: String) -> HostAddress? {
        // A link-local address comes with its zone and so is refused by HostAddress already.
        guard let address = HostAddress(text), address.family != .name, !address.isLoopback,
            !address.text.hasPrefix("169.254."), !address.text.hasPrefix("fe80:"),
            address.text != "0.0.0.0", address.text != "::"
        else { return nil }
        return address
    }
}
