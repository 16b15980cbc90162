import Glibc
import Synchronization

/// A connection to a server on this host, for what no decent client would send.
///
/// It never holds up its thread: the server in question may need it.
public final class RawConnection: Sendable {
    private struct Received {
        var bytes: [UInt8] = []
        var hasEnded = false
    }

    private let descriptor: Int32
    private let received = Mutex(Received())

    /// Connects to a TCP port on 127.0.0.1.
    public convenience init(port: Int) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        try self.init(AF_INET, &address)
    }

    /// Connects to a unix socket.
    public convenience init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        try self.init(AF_UNIX, &address)
    }

    private init<Address>(_ family: Int32, _ address: inout Address) throws {
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(descriptor, address, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else {
            throw DidNotHappen(description: "connect: \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        close(descriptor)
    }

    /// Sends, as far as the other end takes it.
    public func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }

    /// Says that nothing more will be sent.
    public func finish() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Everything that the other end sent until it closed the connection.
    ///
    /// - Throws: ``DidNotHappen`` when it has not closed after `limit`.
    public func answer(
        within limit: Duration = .seconds(60),
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> String {
        try await eventually("the server closes the connection", within: limit) { isClosed }
        return received.withLock { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// Whether the other end has gone, also when what it sent before is not read yet.
    public var hasHungUp: Bool {
        var poll = pollfd(fd: descriptor, events: 0, revents: 0)
        return Glibc.poll(&poll, 1, 0) == 1 && poll.revents & Int16(POLLHUP) != 0
    }

    /// What the other end has sent so far.
    public var text: String {
        _ = isClosed
        return received.withLock { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// Whether the other end has closed the connection.
    public var isClosed: Bool {
        received.withLock { received in
            var buffer = [UInt8](repeating: 0, count: 65536)
            while !received.hasEnded {
                let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                if count > 0 {
                    received.bytes += buffer.prefix(count)
                } else if count < 0, errno == EAGAIN || errno == EINTR {
                    return false
                } else {
                    received.hasEnded = true
                }
            }
            return true
        }
    }
}
