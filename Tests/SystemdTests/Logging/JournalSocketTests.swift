import Glibc
import Logging
import TestKit
import Testing

@testable import Systemd

/// What really arrives on journald's socket, through libsystemd: each test in a child that sees its
/// own `/run`, with a socket of ours where journald's would be. Needs root.
@Suite struct JournalSocketTests {
    @Test func anEntryArrivesInTheNativeProtocol() async {
        await #expect(processExitsWith: .success) {
            try PrivateMounts.enter()
            let journal = try JournalSocket()
            Self.logger().warning("seen", metadata: ["service": "web", "value": "a\nPRIORITY=0"])
            let fields = try journal.receive()
            #expect(fields["MESSAGE"] == [#"seen service=web value="a\nPRIORITY=0""#])
            #expect(fields["PRIORITY"] == ["4"])
            #expect(fields["SYSLOG_IDENTIFIER"] == ["discoveryd"])
            #expect(fields["CODE_FILE"] == [#fileID])
            #expect(fields["CODE_FUNC"] == [#function])
            #expect(fields["LOGGER"] == ["test"])
            #expect(fields["DISCOVERYD_SERVICE"] == ["web"])
            #expect(fields["DISCOVERYD_VALUE"] == ["a\nPRIORITY=0"])
            #expect(fields["CODE_LINE"]?.count == 1)
            // Nothing of ours beside them, and above all no second place in the code.
            #expect(fields.count == 9)
        }
    }

    @Test func aSocketWithNobodyBehindItSendsTheLineToStandardError() async {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardErrorContent]
        ) {
            try PrivateMounts.enter()
            try JournalSocket().abandon()
            Self.logger().error("lost", metadata: ["service": "web"])
        }
        let text = result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) }
        #expect(text?.contains("<3>lost service=web\n") == true)
    }

    @Test func anEmptyEntryIsRefused() {
        #expect(JournalEntry().send() == -EINVAL)
    }

    private static func logger() -> Logger {
        Logger(label: "test") { label in
            JournalLogHandler(label: label, identifier: "discoveryd", fieldPrefix: "discoveryd")
        }
    }
}

/// A datagram socket at the place of journald's. Only after ``PrivateMounts/enter()``.
private struct JournalSocket {
    private let descriptor: Int32

    init() throws {
        try PrivateMounts.hide("/run")
        try #require(mkdir("/run/systemd", 0o755) == 0)
        try #require(mkdir("/run/systemd/journal", 0o755) == 0)
        self.descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: "/run/systemd/journal/socket".utf8)
        }
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0, "bind(2)")
    }

    /// Closes the socket but leaves its name, as a journald that is being restarted does not.
    func abandon() {
        close(self.descriptor)
    }

    /// The fields of the entry that was sent, without waiting: a datagram is there when the sender
    /// returns. See https://systemd.io/JOURNAL_NATIVE_PROTOCOL.
    func receive() throws -> [String: [String]] {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let length = recv(self.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        try #require(length > 0, "nothing was sent")
        var rest = buffer[..<length]
        var fields: [String: [String]] = [:]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest[..<newline]
            rest = rest[(newline + 1)...]
            if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
                fields[Self.text(line[..<equals]), default: []].append(
                    Self.text(line[(equals + 1)...])
                )
            } else {
                // A value with a newline in it: 64 bits of length, little-endian, then the value.
                let size = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                fields[Self.text(line), default: []].append(
                    Self.text(rest.dropFirst(8).prefix(size))
                )
                rest = rest.dropFirst(8 + size + 1)
            }
        }
        return fields
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
