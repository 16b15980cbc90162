import Files
import Glibc
import TestKit
import Testing

/// Whose a file is to write, among processes.
@Suite struct FileLockTests {
    @Test func oneHasItAndTheNextGetsItWhenItIsReleased() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("status.json")
            let first = try #require(try taken(path))
            #expect(try isEnding(path) == false)
            // A file of another name in the same directory is another's.
            let other = try #require(try taken(directory.file("other.json")))
            first.end()
            #expect(try isEnding(path) == true)
            #expect(try isEnding(directory.file("other.json")) == false)
            first.release()
            let second = try #require(try taken(path))
            #expect(try isEnding(path) == false)
            second.release()
            other.release()
            #expect(directory.names == [".discoveryd"])
            #expect(TemporaryDirectory(path: directory.file(".discoveryd")).names.isEmpty)
        }
    }

    @Test func whatAKilledProcessLeftIsTakenAndRemoved() async throws {
        try await TemporaryDirectory.with { directory in
            mkdir(directory.file(".discoveryd"), 0o700)
            mkdir(directory.file(".discoveryd/status.json.lock"), 0o755)
            let lock = try #require(try taken(directory.file("status.json")))
            lock.release()
            #expect(TemporaryDirectory(path: directory.file(".discoveryd")).names.isEmpty)
        }
    }

    /// A program that the daemon started may outlive it.
    @Test func aChildDoesNotHaveIt() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("status.json")
            let lock = try #require(try taken(path))
            let child = try ChildProcess("/bin/sleep", ["600"])
            lock.release()
            // Only the kernel's copy between fork and exec may still have it.
            try await eventually("it is free") { try taken(path) != nil }
            #expect(child.status == nil)
            child.kill()
        }
    }

    @Test func whereNothingCanBeMadeThereIsNoLock() {
        #expect(throws: FileError.self) { try taken("/no/such/directory/status.json") }
        #expect(throws: FileError.self) { try taken("/proc/status.json") }
    }

    private func taken(_ path: String) throws -> FileLock? {
        if case .taken(let lock) = try FileLock.take(for: path) { lock } else { nil }
    }

    /// Whether the one who has it is ending; `nil` when nobody has it.
    private func isEnding(_ path: String) throws -> Bool? {
        if case .held(_, let isEnding) = try FileLock.take(for: path) { isEnding } else { nil }
    }
}
