import Glibc
import TestKit

/// A listening socket whose queue can be filled, so that further connections hang: nobody accepts.
final class DeafListener: Sendable {
    let port: UInt16
    private let descriptor: Int32

    /// Listens on a free port of an address of this host.
    init(_ family: Int32 = AF_INET, backlog: Int32 = 8) throws {
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        var storage = sockaddr_storage()
        storage.ss_family = sa_family_t(family)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        if family == AF_INET6 {
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) { $0[23] = 1 }  // ::1
        } else {
            withUnsafeMutableBytes(of: &storage) {
                $0[4] = 127; $0[7] = 1
            }
        }
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, backlog) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            throw DidNotHappen(description: "no socket: \(String(cString: strerror(errno)))")
        }
        port = withUnsafeBytes(of: &storage) { UInt16($0[2]) << 8 | UInt16($0[3]) }
    }

    deinit { close(descriptor) }
}
