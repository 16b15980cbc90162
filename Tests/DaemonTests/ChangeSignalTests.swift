import Machines
import Registry
import TestKit
import Testing

@testable import Daemon

@Suite struct ChangeSignalTests {
    @Test func progressIsToldAtOnceAndThenAfterAPauseHoweverMuchThereIs() async throws {
        let clock = ManualClock()
        let signal = ChangeSignal(timeline: Timeline(clock))
        signal.setPause(.milliseconds(250))
        let told = Recorder<Void>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await signal.run() }
            group.addTask { for await _ in signal.changes { told.record(()) } }
            defer { group.cancelAll() }
            signal.raiseSoon()
            try await eventually("told at once") { told.all.count == 1 }
            for _ in 0..<10_000 { signal.raiseSoon() }
            // A change of state does not wait for the pause.
            signal.raise()
            try await eventually("the state is told") { told.all.count == 2 }
            try await eventually("the rest after the pause, as one") {
                clock.advance(by: .milliseconds(250))
                return told.all.count == 3
            }
        }
    }
}
