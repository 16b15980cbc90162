import HealthChecks
import Machines
import Registry
import Testing

@Suite struct CheckMachineTests {
    @Test func riseAndFallResultsInARowChangeItsMind() throws {
        var check = try Check()
        check.runs(failing: false)
        #expect(!check.machine.isUp)
        #expect(
            check.machine.reason(at: check.now).saw == "it passed 1 of 2 times"
        )
        check.runs(failing: false)
        #expect(check.machine.isUp)

        check.runs(failing: true, times: 2)
        check.runs(failing: false)
        #expect(check.machine.isUp)
        check.runs(failing: true, times: 2)
        #expect(check.machine.isUp)
        check.runs(failing: true)
        #expect(!check.machine.isUp)

        check.runs(failing: false)
        check.runs(failing: true)
        check.runs(failing: false)
        #expect(!check.machine.isUp)
        check.runs(failing: false)
        #expect(check.machine.isUp)
    }

    @Test func whatIsBelievedAtFirstIsSaidByTheDefinition() throws {
        #expect(try !Check(initial: .down).machine.isUp)
        var up = try Check(initial: .up)
        up.runs(failing: true, times: 2)
        #expect(up.machine.isUp)
        up.runs(failing: true)
        #expect(!up.machine.isUp)
    }

    @Test func theFirstRunComesSoonAndTheOthersAnIntervalApart() throws {
        var check = try Check()
        let first = try #require(check.machine.deadline)
        #expect(first <= .milliseconds(500))
        var starts: [Duration] = []
        for _ in 0..<3 {
            check.begins()
            starts.append(check.now)
            check.now += .seconds(1)
            check.ends(failing: false)
        }
        #expect(starts == [first, first + .seconds(10), first + .seconds(20)])
    }

    @Test func jitterMovesEachRunByItsPartAtMost() throws {
        var check = try Check(jitter: 0.2)
        var gaps: Set<Duration> = []
        check.begins()
        for _ in 0..<100 {
            check.ends(failing: false)
            let before = check.now
            check.begins()
            gaps.insert(check.now - before)
        }
        #expect(gaps.count > 90)
        let (least, most) = (try #require(gaps.min()), try #require(gaps.max()))
        #expect(least >= .seconds(8) && least < .seconds(9))
        #expect(most <= .seconds(12) && most > .seconds(11))
    }

    @Test func aRunThatIsTooLateIsEndedAndHasFailed() throws {
        var check = try Check(fall: 1, initial: .up)
        let number = check.begins()
        check.now += .seconds(2)
        #expect(check.machine.timePassed(to: check.now, number: 99) == .cancel(number: number))
        #expect(!check.machine.isUp)
        #expect(check.machine.failure == "no answer within 2 s")
        // Its own words come too late to count.
        check.machine.runEnded(number, failure: nil, at: check.now)
        #expect(check.machine.failure == "no answer within 2 s")
        #expect(check.machine.run == nil)
        // The next begins an interval after this one began.
        #expect(check.machine.deadline == check.now + .seconds(8))
    }

    @Test func noRunBeginsWhileTheLastOneIsNotGoneAndEachIntervalCounts() throws {
        var check = try Check(fall: 3, initial: .up)
        let number = check.begins()
        check.now += .seconds(2)
        #expect(check.machine.timePassed(to: check.now, number: 99) == .cancel(number: number))
        for expected in [true, false] {
            check.now = try #require(check.machine.deadline)
            #expect(check.machine.timePassed(to: check.now, number: 99) == nil)
            #expect(check.machine.isUp == expected)
        }
        #expect(check.machine.failure == "the previous run hangs and cannot be killed")
        check.machine.runEnded(number, failure: nil, at: check.now)
        check.begins()
        #expect(check.machine.run != nil)
    }

    @Test func aRunThatOutlastsTheIntervalIsFollowedAtOnce() throws {
        var check = try Check(timeout: .seconds(60))
        check.begins()
        check.now += .seconds(25)
        check.ends(failing: false)
        #expect(check.machine.deadline == check.now)
    }

    @Test func sinceWhenItFailsIsSaidAndForgottenWithAPass() throws {
        var check = try Check()
        check.runs(failing: true, times: 2)
        let since = try #require(check.machine.failingSince)
        check.now = since + .seconds(42)
        #expect(
            check.machine.reason(at: check.now).description
                == "tcp 127.0.0.1:80: nobody listens; for 42 s now"
        )
        check.runs(failing: false)
        #expect(check.machine.failingSince == nil)
    }

    @Test func aUnitCountsAtOnceAndNeverRuns() throws {
        var machine = CheckMachine(
            CheckDefinition(.unit("nginx.service")),
            isUp: false,
            generator: SeededGenerator(seed: 1),
            at: .zero
        )
        #expect(machine.deadline == nil)
        #expect(machine.reason(at: .zero).saw == "its state is not known from systemd yet")
        machine.unitChanged(to: .up, at: .seconds(1))
        #expect(machine.isUp)
        machine.unitChanged(to: .goingDown, at: .seconds(2))
        #expect(!machine.isUp)
        #expect(machine.reason(at: .seconds(2)).saw == "it is being stopped")
        machine.unitChanged(to: .down("failed (exit-code)"), at: .seconds(5))
        #expect(
            machine.reason(at: .seconds(9)).description
                == "unit nginx.service: it is failed (exit-code); for 7 s now"
        )
    }

    /// A check and the time.
    private struct Check {
        var machine: CheckMachine
        var now = Duration.zero
        private var number = 0

        init(
            fall: Int = 3,
            initial: CheckTiming.Initial = .down,
            jitter: Double = 0,
            timeout: Duration = .seconds(2)
        ) throws {
            var timing = Services.timing(fall: fall, initial: initial, jitter: jitter)
            timing.timeout = timeout
            machine = CheckMachine(
                try Services.tcp(80, timing: timing),
                isUp: initial == .up,
                generator: SeededGenerator(seed: 7),
                at: .zero
            )
        }

        @discardableResult
        mutating func begins() -> Int {
            number += 1
            now = machine.deadline ?? now
            #expect(machine.timePassed(to: now, number: number) == .run(number: number))
            return number
        }

        mutating func ends(failing: Bool) {
            machine.runEnded(number, failure: failing ? "nobody listens" : nil, at: now)
        }

        mutating func runs(failing: Bool, times: Int = 1) {
            for _ in 0..<times {
                begins()
                ends(failing: failing)
            }
        }
    }
}
