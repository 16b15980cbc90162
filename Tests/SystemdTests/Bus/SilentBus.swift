import Glibc
import TestKit
import Testing

/// A socket that takes connections and never says a word: a bus that hangs.
///
/// To be made in the child of an exit test, as it puts its address into the environment.
final class SilentBus: Sendable {
    private let path: String
    private let descriptor: Int32

    init() throws {
        let path = "/tmp/systemd-tests-bus-\(getpid())"
        // One of an earlier run, which had the same number and did not end well.
        unlink(path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        self.path = path
        self.descriptor = descriptor
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(descriptor, 16) == 0, "bind(2) to \(path)")
        setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=\(path)", 1)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Waits until somebody has connected.
    func connected() async throws {
        try await eventually("somebody connects") {
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&polled, 1, 0) == 1
        }
    }
}
