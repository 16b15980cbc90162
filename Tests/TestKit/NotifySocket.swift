internal import Dispatch
internal import Glibc

/// The service manager's end of sd_notify(3): a real datagram socket that a test listens on.
///
/// ```swift
/// let manager = try NotifySocket()
/// // … start the program with NOTIFY_SOCKET=manager.path …
/// let ready = try await manager.first(saying: "READY=1", within: .seconds(10))
/// #expect(ready["STATUS"] == "3 services at revision 7")
/// ```
///
/// It holds on to what it is sent until it is asked. A child started by the test gets the path in
/// its own environment; do not set it in this process, where other tests run and start children too
/// (an exit test is a child). The socket and its directory go away with the object.
public final class NotifySocket: Sendable {
    /// What to put into `$NOTIFY_SOCKET`: an absolute path, short enough for a socket address.
    public let path: String

    private let directory: String
    private let descriptor: Int32

    /// Waits here, so that a thread of Swift's own pool never blocks: there are as many as cores.
    private let queue = DispatchQueue(label: "notify socket")

    /// Binds a socket in a new directory below `/tmp`.
    ///
    /// - Throws: ``NotifySocketError`` when a system call fails.
    public init() throws {
        var template = Array("/tmp/notify.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw NotifySocketError(call: "mkdtemp(3)") }
        self.directory = template.withUnsafeBufferPointer { buffer in
            String(decoding: buffer.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        self.path = self.directory + "/socket"
        self.descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard self.descriptor >= 0 else { throw NotifySocketError(call: "socket(2)") }
        guard Self.bind(self.descriptor, to: self.path) == 0 else {
            throw NotifySocketError(call: "bind(2) to \(self.path)")
        }
    }

    deinit {
        close(self.descriptor)
        unlink(self.path)
        rmdir(self.directory)
    }

    /// Whether nothing has been sent that was not taken yet.
    public var isEmpty: Bool {
        var request = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, 0) == 0
    }

    /// Takes the next datagram, waiting for it when there is none yet.
    ///
    /// - Parameter limit: How long to wait at most.
    /// - Throws: ``NotifySocketError`` when none came in time, or it is one that systemd drops: above
    ///   4096 bytes, or not UTF-8.
    public func next(within limit: Duration) async throws -> Datagram {
        let deadline = ContinuousClock.now + limit
        // Not `self` in the closure, which outlives the resumption by a little: the last reference
        // must be the test's, so that the directory is gone before the process is.
        defer { withExtendedLifetime(self) {} }
        return try await withCheckedThrowingContinuation { continuation in
            self.queue.async { [descriptor = self.descriptor] in
                continuation.resume(
                    with: Result { try Self.receive(from: descriptor, until: deadline) }
                )
            }
        }
    }

    /// Takes datagrams until one has the assignment `assignment`, and returns that one.
    ///
    /// - Parameters:
    ///   - assignment: A whole line, such as `READY=1`.
    ///   - limit: How long to wait for it at most, however many others come before it.
    /// - Throws: ``NotifySocketError``, which names what came instead.
    public func first(saying assignment: String, within limit: Duration) async throws -> Datagram {
        try await self.first(within: limit, described: assignment) {
            $0.assignments.contains(assignment)
        }
    }

    /// Takes datagrams until one satisfies `predicate`, and returns that one.
    ///
    /// - Parameters:
    ///   - limit: How long to wait for it at most, however many others come before it.
    ///   - expectation: What is waited for, in the words of the error.
    ///   - predicate: Whether this is the one.
    /// - Throws: ``NotifySocketError``, which names what came instead.
    public func first(
        within limit: Duration,
        described expectation: String,
        where predicate: (Datagram) -> Bool
    ) async throws -> Datagram {
        let deadline = ContinuousClock.now + limit
        var others: [Datagram] = []
        while true {
            let datagram: Datagram
            do {
                datagram = try await self.next(within: ContinuousClock.now.duration(to: deadline))
            } catch let error as NotifySocketError {
                throw NotifySocketError(
                    "waited for \(expectation), came \(others.map(\.assignments)): \(error)"
                )
            }
            if predicate(datagram) { return datagram }
            others.append(datagram)
        }
    }

    /// One datagram: what the manager is told at once.
    public struct Datagram: Hashable, Sendable {
        /// The lines in order, such as `READY=1`.
        public let assignments: [String]

        /// The value of the first assignment to `name`, `nil` when there is none.
        public subscript(name: String) -> String? {
            let start = name + "="
            let line = self.assignments.first { $0.hasPrefix(start) }
            return line.map { String($0.dropFirst(start.count)) }
        }
    }
}

/// Why ``NotifySocket`` has nothing to give.
public struct NotifySocketError: Error, Sendable, CustomStringConvertible {
    /// What happened.
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    init(call: String) {
        self.init("\(call) failed with errno \(errno)")
    }
}

extension NotifySocket {
    /// systemd's receive buffer, `NOTIFY_BUFFER_MAX`: it drops what is longer.
    private static let byteLimit = 4096

    private static func receive(
        from descriptor: Int32,
        until deadline: ContinuousClock.Instant
    ) throws -> Datagram {
        try Self.waitUntilReadable(descriptor, until: deadline)
        var buffer = [UInt8](repeating: 0, count: Self.byteLimit)
        // With MSG_TRUNC, recv(2) answers the real length of the datagram.
        let length = recv(descriptor, &buffer, buffer.count, Int32(MSG_TRUNC))
        guard length >= 0 else { throw NotifySocketError(call: "recv(2)") }
        guard length <= buffer.count else {
            throw NotifySocketError("a datagram of \(length) bytes, which systemd drops")
        }
        guard let text = String(validating: buffer.prefix(length), as: UTF8.self) else {
            throw NotifySocketError("a datagram that is not UTF-8: \(buffer.prefix(length))")
        }
        return Datagram(assignments: text.split(separator: "\n").map(String.init))
    }

    private static func waitUntilReadable(
        _ descriptor: Int32,
        until deadline: ContinuousClock.Instant
    ) throws {
        // As in `eventually`, time in which nobody let us run counts for little: whoever sends has not run either.
        var (last, deadline) = (ContinuousClock.now, deadline)
        while true {
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            switch poll(&request, 1, 50) {
            case 1: return
            case 0 where ContinuousClock.now >= deadline:
                throw NotifySocketError("no datagram came in time")
            case -1 where errno != EINTR: throw NotifySocketError(call: "poll(2)")
            default: break
            }
            let now = ContinuousClock.now
            deadline += max(.zero, now - last - .milliseconds(500))
            last = now
        }
    }

    private static func bind(_ descriptor: Int32, to path: String) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
