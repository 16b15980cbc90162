import Glibc
import Machines
import TestKit
import Testing

@testable import Daemon

@Suite struct EventLoopsTests {
    @Test func `what runs beside the connection stays on one thread, whatever it waits for`() async
    {
        let threads = Recorder<pthread_t>()
        await EventLoops.besideConnection {
            await withTaskGroup { group in
                for _ in 0..<10 {
                    group.addTask {
                        threads.record(Self.thread())
                        await Task.yield()
                        threads.record(Self.thread())
                        try? await EventLoops.clock.sleep(
                            until: .now + .milliseconds(1),
                            tolerance: nil
                        )
                        threads.record(Self.thread())
                    }
                }
            }
        }
        #expect(threads.all.count == 30)
        #expect(Set(threads.all).count == 1)
        #expect(threads.all.first != Self.thread())
    }

    @Test func `a sleeper is woken when his time has come, and not before`() async throws {
        let until = ContinuousClock.now + .milliseconds(20)
        try await EventLoops.clock.sleep(until: until, tolerance: nil)
        #expect(ContinuousClock.now >= until)
        // That one has passed.
        try await EventLoops.clock.sleep(until: until, tolerance: nil)
    }

    @Test
    func `a sleeper that is cancelled is woken at once, and so is one that was cancelled before`()
        async throws
    {
        let sleeper = Task {
            try await EventLoops.clock.sleep(until: .now + .seconds(1 << 40), tolerance: nil)
        }
        let late = Task {
            while !Task.isCancelled { await Task.yield() }
            try await EventLoops.clock.sleep(until: .now + .seconds(3600), tolerance: nil)
        }
        sleeper.cancel()
        late.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        await #expect(throws: CancellationError.self) { try await late.value }
    }

    private static func thread() -> pthread_t { pthread_self() }
}
