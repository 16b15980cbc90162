import FoundationEssentials
import Testing

@testable import Daemon

@Suite struct FreeMemoryTests {
    @Test("code that is mapped leaves the process, and goes on when it is called again")
    func codeLeavesTheProcess() throws {
        let before = try mappedFromFiles()
        FreeMemory.unmapCode()
        // Parsed by code that has just been given back.
        let after = try mappedFromFiles()
        #expect(after < before / 2)
    }

    /// RssFile of /proc/self/status, in KiB; see proc(5).
    private func mappedFromFiles() throws -> Int {
        let status = try String(contentsOf: URL(filePath: "/proc/self/status"), encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }
}
