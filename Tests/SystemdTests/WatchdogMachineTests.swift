import Testing

@testable import Systemd

@Suite struct WatchdogMachineTests {
    @Test func fourTicksComeInTheIntervalAndTheFirstAtOnce() {
        var machine = WatchdogMachine(interval: .seconds(30))
        #expect(
            machine.started(at: .seconds(1)) == [.countLaps] && machine.started(at: .zero) == []
        )
        #expect(machine.deadline == .milliseconds(8500))
        #expect(machine.timePassed(to: .seconds(8)) == [])
        #expect(machine.timePassed(to: .milliseconds(8500)) == [.countLaps])
        #expect(machine.deadline == .seconds(16))
    }

    @Test func theFirstTickAlwaysPulses() {
        var machine = WatchdogMachine(interval: .seconds(40))
        #expect(machine.lapsCounted(["watch": 0, "lease": 0]) == [.pulse(afterStallOf: [])])
    }

    @Test func loopsThatMoveEarnEachPulse() {
        var machine = WatchdogMachine(interval: .seconds(40))
        for lap: UInt64 in 1...5 {
            let laps = ["watch": lap, "lease": lap * 100]
            #expect(machine.lapsCounted(laps) == [.pulse(afterStallOf: [])])
        }
    }

    @Test func oneStuckLoopAmongManyWithholdsThePulse() {
        var machine = WatchdogMachine(interval: .seconds(40))
        _ = machine.lapsCounted(["watch": 1, "lease": 1, "publish": 1])
        let answer = machine.lapsCounted(["watch": 2, "lease": 1, "publish": 2])
        #expect(answer == [.withhold(stalled: ["lease"], isNews: true)])
    }

    @Test func theStalledAreNamedInOrder() {
        var machine = WatchdogMachine(interval: .seconds(40))
        let laps: [String: UInt64] = ["watch": 1, "lease": 1, "publish": 1]
        _ = machine.lapsCounted(laps)
        let answer = machine.lapsCounted(laps)
        #expect(answer == [.withhold(stalled: ["lease", "publish", "watch"], isNews: true)])
    }

    @Test func aStallIsNewsOnceAndSoIsTheRecovery() {
        var machine = WatchdogMachine(interval: .seconds(40))
        _ = machine.lapsCounted(["watch": 7])
        #expect(machine.lapsCounted(["watch": 7]) == [.withhold(stalled: ["watch"], isNews: true)])
        #expect(machine.lapsCounted(["watch": 7]) == [.withhold(stalled: ["watch"], isNews: false)])
        #expect(machine.lapsCounted(["watch": 8]) == [.pulse(afterStallOf: ["watch"])])
        #expect(machine.lapsCounted(["watch": 9]) == [.pulse(afterStallOf: [])])
    }

    @Test func anotherLoopStallingBesideTheFirstIsNews() {
        var machine = WatchdogMachine(interval: .seconds(40))
        _ = machine.lapsCounted(["watch": 1, "lease": 1])
        _ = machine.lapsCounted(["watch": 1, "lease": 2])
        var answer = machine.lapsCounted(["watch": 1, "lease": 2])
        #expect(answer == [.withhold(stalled: ["lease", "watch"], isNews: true)])
        answer = machine.lapsCounted(["watch": 1, "lease": 3])
        #expect(answer == [.withhold(stalled: ["watch"], isNews: true)])
    }

    @Test func aLoopThatIsNewIsFineUntilTheNextTick() {
        var machine = WatchdogMachine(interval: .seconds(40))
        _ = machine.lapsCounted(["watch": 1])
        #expect(machine.lapsCounted(["watch": 2, "lease": 0]) == [.pulse(afterStallOf: [])])
        let answer = machine.lapsCounted(["watch": 3, "lease": 0])
        #expect(answer == [.withhold(stalled: ["lease"], isNews: true)])
    }

    @Test func aStalledLoopThatIsGoneIsForgotten() {
        var machine = WatchdogMachine(interval: .seconds(40))
        _ = machine.lapsCounted(["watch": 1, "lease": 1])
        _ = machine.lapsCounted(["watch": 2, "lease": 1])
        #expect(machine.lapsCounted(["watch": 3]) == [.pulse(afterStallOf: ["lease"])])
        // Back with the same count, it is a new loop.
        #expect(machine.lapsCounted(["watch": 4, "lease": 1]) == [.pulse(afterStallOf: [])])
    }

    @Test func aCountThatWentBackHasMoved() {
        var machine = WatchdogMachine(interval: .seconds(40))
        _ = machine.lapsCounted(["watch": 100])
        #expect(machine.lapsCounted(["watch": 0]) == [.pulse(afterStallOf: [])])
    }

    @Test func withoutLoopsThereIsNothingToWaitFor() {
        var machine = WatchdogMachine(interval: .seconds(40))
        #expect(machine.lapsCounted([:]) == [.pulse(afterStallOf: [])])
        #expect(machine.lapsCounted([:]) == [.pulse(afterStallOf: [])])
    }
}
