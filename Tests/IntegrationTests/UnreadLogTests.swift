import Foundation
import TestKit
import Testing

/// Standard error leads to a pipe that is full, and nobody reads it: so it is when the journal hangs.
@Suite struct UnreadLogTests {
    @Test
    func `a log that nobody takes holds up neither the registration nor the list nor the end`()
        async throws
    {
        try await Fleet.with { fleet in
            let pipe = try FullPipe(at: fleet.directory.file("log"))
            try fleet.configure("one", services: ["web/w1": 8080])
            let daemon = try DaemonProcess(
                [
                    "run", "-c", fleet.directory.file("one.conf"), "--status-file",
                    fleet.directory.file("one.status"), "--control-socket",
                    fleet.directory.file("one.sock"),
                ],
                log: pipe.path
            )
            defer { daemon.send(SIGKILL) }
            try await eventually("registered") { try await fleet.keysInEtcd() == ["web/w1"] }
            // Each connection that is lost and found is a line of the log.
            for number in 1...3 {
                fleet.etcd.kill()
                try await fleet.etcd.start()
                try await fleet.put("web/later\(number)", "10.0.0.\(number):80")
                try await eventually("the file has the change") {
                    fleet.directory.read("one.json")?.contains("later\(number)") == true
                }
            }
            #expect(try await fleet.keysInEtcd().contains("web/w1"))
            daemon.send(SIGTERM)
            #expect(try await daemon.ended() == 0)
            #expect(try await !fleet.keysInEtcd().contains("web/w1"))
            withExtendedLifetime(pipe) {}
        }
    }
}

/// A pipe with a name that takes nothing more.
private final class FullPipe {
    let path: String
    private let descriptor: Int32

    /// Makes one.
    init(at path: String) throws {
        self.path = path
        try #require(mkfifo(path, 0o600) == 0)
        descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        try #require(descriptor >= 0)
        // As many bytes as a write may have that is all or nothing, then what is left; see pipe(7).
        for length in [4096, 1] {
            let bytes = [UInt8](repeating: UInt8(ascii: "\n"), count: length)
            while write(descriptor, bytes, bytes.count) > 0 {}
        }
        try #require(errno == EAGAIN)
    }

    deinit {
        close(descriptor)
    }
}
