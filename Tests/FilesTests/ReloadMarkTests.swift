import Glibc
import TestKit
import Testing

@testable import Files

@Suite struct ReloadMarkTests {
    /// On a fast disk a mark is set and settled within one tick of the kernel's clock for files, 4 ms.
    @Test func aMarkThatWasSetAMomentAgoIsCleared() async throws {
        try await marked { mark, set in
            for round in 1...200 {
                set()
                try #require(mark.isSet)
                let moment = ReloadMark.now
                mark.clear(unlessSetSince: moment)
                try #require(!mark.isSet, "round \(round)")
            }
        }
    }

    @Test func aMarkThatIsSetAgainMeanwhileStays() async throws {
        try await marked { mark, set in
            for round in 1...200 {
                set()
                let moment = ReloadMark.now
                set()
                mark.clear(unlessSetSince: moment)
                try #require(mark.isSet, "round \(round)")
            }
        }
    }

    @Test func withoutAStagingDirectoryNothingIsMarked() async throws {
        try await TemporaryDirectory.with { directory in
            let mark = ReloadMark(of: directory.file("list"))
            mark.clear(unlessSetSince: ReloadMark.now)
            #expect(!mark.isSet)
            #expect(directory.names.isEmpty)
        }
    }

    private func marked(
        _ body: (ReloadMark, _ set: () -> Void) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("list")
            let writer = AtomicFileWriter()
            let staged = try writer.stage(FileContent([1]), for: path, number: 1)
            let mark = ReloadMark(of: path)
            try await body(mark) { mark.set(beside: staged) }
            writer.discard(staged)
        }
    }
}
