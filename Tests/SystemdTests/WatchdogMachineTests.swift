import Testing

@testable import Systemd

@Suite struct WatchdogMachineTests {
    @Test func theFirstTickAlwaysPulses() {
        var machine = WatchdogMachine()
        #expect(machine.ticked(laps: ["watch": 0, "lease": 0]) == .pulse(afterStallOf: []))
    }

    @Test func loopsThatMoveEarnEachPulse() {
        var machine = WatchdogMachine()
        for lap: UInt64 in 1...5 {
            let laps = ["watch": lap, "lease": lap * 100]
            #expect(machine.ticked(laps: laps) == .pulse(afterStallOf: []))
        }
    }

    @Test func oneStuckLoopAmongManyWithholdsThePulse() {
        var machine = WatchdogMachine()
        _ = machine.ticked(laps: ["watch": 1, "lease": 1, "publish": 1])
        let answer = machine.ticked(laps: ["watch": 2, "lease": 1, "publish": 2])
        #expect(answer == .withhold(stalled: ["lease"], isNews: true))
    }

    @Test func theStalledAreNamedInOrder() {
        var machine = WatchdogMachine()
        let laps: [String: UInt64] = ["watch": 1, "lease": 1, "publish": 1]
        _ = machine.ticked(laps: laps)
        let answer = machine.ticked(laps: laps)
        #expect(answer == .withhold(stalled: ["lease", "publish", "watch"], isNews: true))
    }

    @Test func aStallIsNewsOnceAndSoIsTheRecovery() {
        var machine = WatchdogMachine()
        _ = machine.ticked(laps: ["watch": 7])
        #expect(machine.ticked(laps: ["watch": 7]) == .withhold(stalled: ["watch"], isNews: true))
        #expect(machine.ticked(laps: ["watch": 7]) == .withhold(stalled: ["watch"], isNews: false))
        #expect(machine.ticked(laps: ["watch": 8]) == .pulse(afterStallOf: ["watch"]))
        #expect(machine.ticked(laps: ["watch": 9]) == .pulse(afterStallOf: []))
    }

    @Test func anotherLoopStallingBesideTheFirstIsNews() {
        var machine = WatchdogMachine()
        _ = machine.ticked(laps: ["watch": 1, "lease": 1])
        _ = machine.ticked(laps: ["watch": 1, "lease": 2])
        var answer = machine.ticked(laps: ["watch": 1, "lease": 2])
        #expect(answer == .withhold(stalled: ["lease", "watch"], isNews: true))
        answer = machine.ticked(laps: ["watch": 1, "lease": 3])
        #expect(answer == .withhold(stalled: ["watch"], isNews: true))
    }

    @Test func aLoopThatIsNewIsFineUntilTheNextTick() {
        var machine = WatchdogMachine()
        _ = machine.ticked(laps: ["watch": 1])
        #expect(machine.ticked(laps: ["watch": 2, "lease": 0]) == .pulse(afterStallOf: []))
        let answer = machine.ticked(laps: ["watch": 3, "lease": 0])
        #expect(answer == .withhold(stalled: ["lease"], isNews: true))
    }

    @Test func aStalledLoopThatIsGoneIsForgotten() {
        var machine = WatchdogMachine()
        _ = machine.ticked(laps: ["watch": 1, "lease": 1])
        _ = machine.ticked(laps: ["watch": 2, "lease": 1])
        #expect(machine.ticked(laps: ["watch": 3]) == .pulse(afterStallOf: ["lease"]))
        // Back with the same count, it is a new loop.
        #expect(machine.ticked(laps: ["watch": 4, "lease": 1]) == .pulse(afterStallOf: []))
    }

    @Test func aCountThatWentBackHasMoved() {
        var machine = WatchdogMachine()
        _ = machine.ticked(laps: ["watch": 100])
        #expect(machine.ticked(laps: ["watch": 0]) == .pulse(afterStallOf: []))
    }

    @Test func withoutLoopsThereIsNothingToWaitFor() {
        var machine = WatchdogMachine()
        #expect(machine.ticked(laps: [:]) == .pulse(afterStallOf: []))
        #expect(machine.ticked(laps: [:]) == .pulse(afterStallOf: []))
    }
}
