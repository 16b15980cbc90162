import Glibc

/// TCP ports on loopback that nobody listens on.
enum LoopbackPorts {
    /// Asks the kernel; the ports are free until somebody else takes them.
    static func free(_ count: Int) -> [UInt16] {
        let descriptors = (0..<count).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
        // Closed only when all are known, so that no port comes twice.
        defer { for descriptor in descriptors { close(descriptor) } }
        return descriptors.compactMap { descriptor in
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(descriptor, address, length) == 0
                        && getsockname(descriptor, address, &length) == 0
                }
            }
            return isBound ? UInt16(bigEndian: address.sin_port) : nil
        }
    }
}
