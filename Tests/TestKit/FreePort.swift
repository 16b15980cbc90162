import Glibc
import Synchronization

/// Loopback TCP ports that nobody listens on.
public enum FreePort {
    /// Below the kernel's range for outgoing connections, so that none of those takes a port between
    /// our look and the server's bind; each port is given once in a test run.
    private static let range: Range<UInt32> = 10_000..<32_000
    private static let next = Atomic<UInt32>(UInt32(truncatingIfNeeded: getpid()) &* 97)

    /// Two different free ports.
    public static func two() throws -> [UInt16] {
        [try one(), try one()]
    }

    /// Three different free ports.
    public static func three() throws -> [UInt16] {
        [try one(), try one(), try one()]
    }

    private static func one() throws -> UInt16 {
        for _ in range {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            let port = UInt16(range.lowerBound + number % UInt32(range.count))
            if isFree(port) { return port }
        }
        throw EtcdServer.Failure(description: "no free loopback port")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
