import EndpointFiles
import Files
import Logging
import Registry
import TestKit
import Testing

@testable import Daemon
@testable import HealthChecks

/// What is saved for the next run, on a disk that hangs.
@Suite(.timeLimit(.minutes(1))) struct StoresTests {
    private let web: ServiceKey
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let reason = HealthReason(
        check: "exec false",
        saw: "exit status 1",
        since: .zero,
        lasted: .zero
    )

    init() throws {
        web = try ServiceKey("web/web-1")
    }

    @Test func aSignalEndsTheWaitForADiskThatHangs() async throws {
        try await onADiskThatHangs { hang, state, threads in
            threads.directory(state.path).add { hang.wait() }
            try await eventually("the disk hangs") { hang.count == 1 }
            let run = await EarlierRun.read(from: state, on: threads, isOver: { true }, log: log)
            #expect(run == nil)
            hang.release()
        }
    }

    @Test func aChangeOfHealthIsReportedAtOnceAndKeptWhenTheDiskAnswers() async throws {
        try await onADiskThatHangs { hang, state, threads in
            let store = HealthStore(state, earlier: EarlierRun(), threads: threads, log: log)
            // Each returns at once: were it held up, the test would not go on.
            for _ in 0..<1000 {
                store.record(.down(web, Self.reason))
                store.record(.up(web))
            }
            store.record(.down(web, Self.reason))
            try await eventually("the disk is asked") { hang.count == 1 }
            #expect(state.unwell.isEmpty)
            hang.release()
            try await eventually("saved") { state.unwell == [web] }
            let next = try #require(await EarlierRun.read(from: state, on: threads, log: log))
            #expect(next.unwell == [web])
        }
    }

    @Test func aLeaseIsKeptOrNotByADiskThatAnswersOnly() async throws {
        try await onADiskThatHangs { hang, state, threads in
            let store = LeaseStore(state, threads: threads, log: log)
            let lease = LeaseID(rawValue: 7)
            let owner = try #require(OwnerID("host"))
            let settings = RegistrationMachine.Settings(owner: owner)
            store.save(SavedLease(lease, of: ClusterID(rawValue: 1), settings))
            try await eventually("the disk is asked") { hang.count == 1 }
            // Without an answer the registrations are taken out at the end.
            #expect(await !store.hasSaved(lease))
            hang.release()
            try await eventually("saved") { await store.hasSaved(lease) }
            #expect(await !store.hasSaved(LeaseID(rawValue: 8)))
            #expect(await !store.hasSaved(nil))
        }
    }

    private func onADiskThatHangs(
        _ body: (Hang, StateDirectory, BlockingThreads) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let hang = Hang()
            let writer = AtomicFileWriter { call in
                if call == .fsync { hang.wait() }
                return nil
            }
            defer { hang.release() }
            let state = StateDirectory(path: directory.path, writer: writer)
            try await body(hang, state, BlockingThreads())
        }
    }
}
