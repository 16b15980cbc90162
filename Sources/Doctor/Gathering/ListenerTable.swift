import Glibc

/// Reads which sockets listen from /proc/net; see proc_pid_net(5). Every user may.
package enum ListenerTable {
    /// Those of this host, TCP and UDP.
    static func ofHost() -> [Listener] {
        [("tcp", Listener.Transport.tcp), ("tcp6", .tcp), ("udp", .udp), ("udp6", .udp)]
            .flatMap { name, transport in
                let bytes = beginning(of: "/proc/net/\(name)", upTo: 4 << 20)
                return read(String(decoding: bytes, as: UTF8.self), transport)
            }
    }

    /// Reads the beginning of a file; a table of TCP has those that listen first, and a million connections may follow.
    ///
    /// - Returns: Nothing of a file that cannot be read.
    package static func beginning(of path: String, upTo limit: Int) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < limit {
            let count = Glibc.read(file, &block, min(block.count, limit - bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += block.prefix(count)
        }
        return bytes
    }

    /// Reads a table; lines that are none are passed over.
    package static func read(_ text: String, _ transport: Listener.Transport) -> [Listener] {
        // TCP_LISTEN, and TCP_CLOSE for UDP, which is not connected.
        let state = transport == .tcp ? "0A" : "07"
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 7, words[3] == state, let user = UInt32(words[7]) else {
                return nil
            }
            let place = words[1].split(separator: ":")
            guard place.count == 2, let port = UInt16(place[1], radix: 16),
                let address = address(place[0])
            else { return nil }
            return Listener(transport, address, port, user: user)
        }
    }

    /// Words of 32 bits in the order of the host, in hexadecimal.
    private static func address(_ text: Substring) -> String? {
        guard text.utf8.count == 8 || text.utf8.count == 32 else { return nil }
        var bytes: [UInt8] = []
        var rest = text
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            withUnsafeBytes(of: word) { bytes += $0 }
            rest = rest.dropFirst(8)
        }
        // ::ffff:10.0.0.1 listens for IPv4.
        if bytes.count == 16, bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 255,
            bytes[11] == 255
        {
            bytes = Array(bytes[12...])
        }
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return nil }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
    }

    /// The addresses of this host's interfaces; see getifaddrs(3).
    static func addresses() -> Set<String> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: Set<String> = []
        var next = list
        while let one = next?.pointee {
            next = one.ifa_next
            guard let address = one.ifa_addr else { continue }
            let family = Int32(address.pointee.sa_family)
            let length =
                switch family {
                case AF_INET: socklen_t(MemoryLayout<sockaddr_in>.size)
                case AF_INET6: socklen_t(MemoryLayout<sockaddr_in6>.size)
                default: socklen_t(0)
                }
            guard length > 0 else { continue }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard
                getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
                    == 0
            else { continue }
            let bytes = text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
            found.insert(String(decoding: bytes.prefix { $0 != UInt8(ascii: "%") }, as: UTF8.self))
        }
        return found
    }
}
