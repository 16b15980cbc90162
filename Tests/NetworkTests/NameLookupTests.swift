import Network
import TestKit
import Testing
import Texts

@Suite(.timeLimit(.minutes(1))) struct NameLookupTests {
    @Test func localhostHasALoopbackAddress() async throws {
        let found = try await NameLookup().addresses(of: "localhost")
        #expect(found.contains { $0.text == "127.0.0.1" })
        #expect(found.allSatisfy { $0.isLoopback })
    }

    @Test func manyAskAtOnceAndAllAreAnswered() async throws {
        let lookup = NameLookup()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    // Every third gives up at some moment.
                    if number.isMultiple(of: 3) { withUnsafeCurrentTask { $0?.cancel() } }
                    do throws(NameLookup.Failure) {
                        return try await !lookup.addresses(of: "localhost").isEmpty
                    } catch {
                        return error == .cancelled && number.isMultiple(of: 3)
                    }
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
