import Synchronization
import Testing

@testable import Daemon

@Suite struct LoopCheckTests {
    /// A loop that goes round when it is sent.
    private final class Turning: Sendable {
        private let count = Atomic<UInt64>(0)

        var loop: WatchdogService.Loop {
            .init(name: "turning", laps: { self.count.load(ordering: .relaxed) }) {
                self.count.wrappingAdd(1, ordering: .relaxed)
            }
        }
    }

    private let stuck = WatchdogService.Loop(name: "stuck", laps: { 7 }, poke: {})

    @Test func loopsThatTurnAreFine() async {
        let check = LoopCheck(loops: [Turning().loop, Turning().loop])
        #expect(await check.stuck(within: .seconds(10)).isEmpty)
    }

    @Test func theOneThatDoesNotComeRoundIsNamed() async {
        let check = LoopCheck(loops: [Turning().loop, stuck])
        #expect(await check.stuck(within: .milliseconds(20)) == ["stuck"])
    }

    @Test func aCancelledCheckDoesNotWait() async {
        let check = LoopCheck(loops: [stuck])
        let task = Task { await check.stuck(within: .seconds(3600)) }
        task.cancel()
        #expect(await task.value == ["stuck"])
    }
}
