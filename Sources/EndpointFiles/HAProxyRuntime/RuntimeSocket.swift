import Glibc
import Texts

/// Asks HAProxy at its `stats socket`: one command a connection, because only its end tells where an answer ends.
///
/// Blocks; for a thread of its own. Source: HAProxy, "Management Guide", section 9.3.
package struct RuntimeSocket: Sendable {
    package let path: String
    /// The time that one answer may take. Default 2 s.
    package var limit: Duration = .seconds(2)

    /// A socket at a path; nothing is opened yet.
    package init(path: String, limit: Duration = .seconds(2)) {
        self.path = path
        self.limit = limit
    }

    /// The most bytes of an answer: 100,000 servers are about 12 MB.
    private static let mostBytes = 64 << 20

    /// Sends a command and returns what HAProxy answers until it closes the connection.
    ///
    /// - Parameter command: One line without its end.
    /// - Throws: ``RuntimeFault``.
    package func ask(_ command: String) throws(RuntimeFault) -> String {
        let socket = Glibc.socket(
            AF_UNIX,
            Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue),
            0
        )
        guard socket >= 0 else { throw .system(errno, at: path) }
        defer { close(socket) }
        let end = ContinuousClock.now + limit
        try connect(socket, until: end)
        try write(Array("\(command)\n".utf8), to: socket, until: end)
        let answer = try read(socket, until: end)
        return String(decoding: answer, as: UTF8.self)
    }

    private func connect(
        _ socket: Int32,
        until end: ContinuousClock.Instant
    ) throws(RuntimeFault) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        // With the byte that ends it; the configuration refuses longer ones.
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .system(ENAMETOOLONG, at: path)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        while true {
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { return }
            // HAProxy lets ten wait, and a unix socket says at once that it is full.
            guard errno == EAGAIN || errno == EINTR, ContinuousClock.now < end else {
                throw .system(errno, at: path)
            }
            poll(nil, 0, 10)
        }
    }

    private func write(
        _ bytes: [UInt8],
        to socket: Int32,
        until end: ContinuousClock.Instant
    ) throws(RuntimeFault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Without SIGPIPE when HAProxy ends meanwhile; see send(2).
            let count = rest.withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                try wait(for: POLLOUT, of: socket, until: end)
            } else if errno != EINTR {
                throw .system(errno, at: path)
            }
        }
    }

    private func read(
        _ socket: Int32,
        until end: ContinuousClock.Instant
    ) throws(RuntimeFault) -> [UInt8] {
        var answer: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(socket, &block, block.count, 0)
            if count > 0 {
                answer += block[..<count]
                guard answer.count <= Self.mostBytes else {
                    throw RuntimeFault(
                        .unexpected,
                        "\(path): an answer has more than \(Self.mostBytes) bytes"
                    )
                }
            } else if count == 0 {
                return answer
            } else if errno == EAGAIN {
                try wait(for: POLLIN, of: socket, until: end)
            } else if errno != EINTR {
                throw .system(errno, at: path)
            }
        }
    }

    private func wait(
        for event: Int32,
        of socket: Int32,
        until end: ContinuousClock.Instant
    ) throws(RuntimeFault) {
        let left = ContinuousClock.now.duration(to: end)
        guard left > .zero else { throw .system(ETIMEDOUT, at: path) }
        var descriptor = pollfd(fd: socket, events: Int16(event), revents: 0)
        let milliseconds = max(1, Int32(clamping: Int64(left / .milliseconds(1))))
        guard poll(&descriptor, 1, milliseconds) >= 0 || errno == EINTR else {
            throw .system(errno, at: path)
        }
    }
}
