import Glibc
import Testing

@testable import Systemd

@Suite struct LogWriterTests {
    @Test func aLineIsOneWrite() throws {
        // A datagram socket keeps what each write(2) wrote apart.
        let (near, far) = try Self.pair()
        // Too many writes are to fail the test, not to wait for room.
        try #require(fcntl(near, F_SETFL, O_NONBLOCK) == 0)
        let writer = LogWriter.descriptor(near)
        writer.write(line: "first")
        writer.write(line: String(repeating: "x", count: 8000))
        close(near)
        #expect(Self.next(far) == "first\n")
        #expect(Self.next(far) == String(repeating: "x", count: 8000) + "\n")
        #expect(Self.next(far) == nil)
        close(far)
    }

    @Test func aFullPipeThatDoesNotBlockDropsTheLine() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        try #require(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
        let writer = LogWriter.descriptor(ends[1])
        // A pipe holds 64 KiB: the loop ends only if no write waits for room.
        for _ in 0..<100 {
            writer.write(line: String(repeating: "x", count: 4000))
        }
        #expect(write(ends[1], String(repeating: "y", count: 4096), 4096) == -1)
        ends.forEach { close($0) }
    }

    @Test func aClosedDescriptorIsNoReasonToStop() async {
        await #expect(processExitsWith: .success) {
            close(STDERR_FILENO)
            LogWriter.standardError.write(line: "to nobody")
        }
    }

    private static func pair() throws -> (near: Int32, far: Int32) {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    /// The next datagram, `nil` when there is none.
    private static func next(_ descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let length = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return length > 0 ? String(decoding: buffer.prefix(length), as: UTF8.self) : nil
    }
}
