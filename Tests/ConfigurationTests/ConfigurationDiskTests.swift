import Glibc
import Testing

@testable import Configuration

/// The live source, on a directory of its own.
@Suite final class ConfigurationDiskTests {
    private let directory: String

    init() throws {
        var template = Array("/tmp/discoveryd-configuration-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        directory = String(
            decoding: template.dropLast().map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
    }

    deinit {
        for name in (try? ConfigurationSource.disk.listDirectory(directory)) ?? [] {
            unlink("\(directory)/\(name)")
            rmdir("\(directory)/\(name)")
        }
        rmdir(directory)
    }

    private func write(_ bytes: [UInt8], to name: String) throws {
        let file = open("\(directory)/\(name)", O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try #require(file >= 0)
        #expect(Glibc.write(file, bytes, bytes.count) == bytes.count)
        #expect(close(file) == 0)
    }

    private func read(_ name: String, limit: Int = 1 << 20) throws -> [UInt8] {
        try ConfigurationSource.disk.readFile("\(directory)/\(name)", limit)
    }

    @Test func aFileIsReadWhole() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try write(bytes, to: "a")
        try write([], to: "empty")
        #expect(try read("a") == bytes)
        #expect(try read("empty") == [])
    }

    @Test func theLimitIsTheLargestSizeThatIsRead() throws {
        try write([UInt8](repeating: 0x23, count: 1000), to: "a")
        #expect(try read("a", limit: 1000).count == 1000)
        #expect(throws: ConfigurationSource.Failure.tooLarge) { try self.read("a", limit: 999) }
    }

    @Test func aLinkToTheNullDeviceIsAnEmptyFile() throws {
        try #require(symlink("/dev/null", "\(directory)/masked.conf") == 0)
        #expect(try read("masked.conf") == [])
    }

    @Test func whatIsNotAFileIsRefusedWithoutWaiting() throws {
        try #require(mkfifo("\(directory)/pipe", 0o600) == 0)
        try #require(mkdir("\(directory)/inner", 0o700) == 0)
        #expect(throws: ConfigurationSource.Failure.notAFile) { try self.read("pipe") }
        #expect(throws: ConfigurationSource.Failure.notAFile) { try self.read("inner") }
        #expect(throws: ConfigurationSource.Failure.notAFile) {
            try ConfigurationSource.disk.readFile("/dev/zero", 10)
        }
    }

    @Test func whatIsMissingIsSaidToBeMissing() throws {
        try #require(symlink("nowhere", "\(directory)/dangling") == 0)
        try #require(symlink("circle", "\(directory)/circle") == 0)
        #expect(throws: ConfigurationSource.Failure.missing) { try self.read("none") }
        #expect(throws: ConfigurationSource.Failure.missing) { try self.read("dangling") }
        #expect(throws: ConfigurationSource.Failure.system(ELOOP)) { try self.read("circle") }
        #expect(throws: ConfigurationSource.Failure.missing) {
            try ConfigurationSource.disk.listDirectory("\(self.directory)/none")
        }
    }

    @Test func aDirectoryIsListed() throws {
        try write([], to: "a.conf")
        try write([], to: ".b")
        #expect(Set(try ConfigurationSource.disk.listDirectory(directory)) == ["a.conf", ".b"])
        #expect(throws: ConfigurationSource.Failure.system(ENOTDIR)) {
            try ConfigurationSource.disk.listDirectory("\(self.directory)/a.conf")
        }
    }

    @Test func aWholeConfigurationIsLoadedFromDisk() throws {
        try write(Array("[lease]\nttl = \"11s\"".utf8), to: "d.conf")
        try #require(mkdir("\(directory)/d.conf.d", 0o700) == 0)
        let snippet = "\(directory)/d.conf.d/a.conf"
        try #require(symlink("/dev/null", snippet) == 0)
        defer { unlink(snippet) }
        let loaded = try ConfigurationLoader(hostname: "box").load("\(directory)/d.conf")
        #expect(loaded.configuration.lease.ttl == .seconds(11))
        #expect(loaded.files == ["\(directory)/d.conf", snippet])
    }
}
