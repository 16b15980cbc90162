import Glibc

/// Asks the daemon on this host, from a command: one request, one answer. Blocks.
struct ControlClient {
    /// Why there is no answer.
    enum Failure: Error, Equatable {
        /// Nobody listens there.
        case notRunning(String)
        /// We may not connect.
        case notPermitted(String)
        /// It does not answer, or not in our words.
        case noAnswer(String)

        var message: String {
            switch self {
            case .notRunning(let path):
                "discoveryd is not running here: nothing listens at \(path); see 'systemctl status "
                    + "discoveryd', or name its socket with --control-socket"
            case .notPermitted(let path):
                "not permitted to ask discoveryd at \(path): be root or a member of the socket's group"
            case .noAnswer(let path): "no answer from discoveryd at \(path); see its log"
            }
        }
    }

    /// An answer is not longer than this.
    private static let answerLimit = 64 << 20

    let path: String

    /// Asks and returns the answer.
    ///
    /// - Parameter limit: How long the daemon may take with the request itself; 10 s are added to it.
    func ask(_ request: ControlRequest, taking limit: Duration = .zero) throws(Failure)
        -> ControlAnswer
    {
        let socket = ControlSocket.connect(to: path)
        guard socket >= 0 else {
            switch -socket {
            case EACCES, EPERM: throw .notPermitted(path)
            case EAGAIN: throw .noAnswer(path)
            default: throw .notRunning(path)
            }
        }
        defer { close(socket) }
        let seconds = limit.components.seconds + 10
        var patience = timeval(tv_sec: Int(seconds), tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        send(request.line, on: socket)
        // Not sent: whoever turns clients away says why without reading.
        guard let line = receive(from: socket), let answer = ControlAnswer(line: line) else {
            throw .noAnswer(path)
        }
        return answer
    }

    private func send(_ bytes: [UInt8], on socket: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                return
            }
            rest = rest.dropFirst(count)
        }
    }

    private func receive(from socket: Int32) -> [UInt8]? {
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while line.count <= Self.answerLimit {
            let count = recv(socket, &chunk, chunk.count, 0)
            if count < 0 {
                if errno == EINTR { continue }
                return nil
            }
            if count == 0 { return nil }
            line += chunk.prefix(count)
            if line.last == 0x0a { return line }
        }
        return nil
    }
}
