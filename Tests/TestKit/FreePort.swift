import Glibc

/// Loopback TCP ports that nobody listens on.
public enum FreePort {
    /// Two different free ports.
    public static func two() throws -> [UInt16] {
        let sockets = [try bound(), try bound()]
        defer { for socket in sockets { close(socket.descriptor) } }
        return sockets.map(\.port)
    }

    private static func bound() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard descriptor >= 0, result else {
            throw EtcdServer.Failure(description: "no free loopback port: errno \(errno)")
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
