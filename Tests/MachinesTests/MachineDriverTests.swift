import Machines
import Synchronization
import TestKit
import Testing

@Suite struct MachineDriverTests {
    /// Counts seconds and says each.
    private struct Ticker: StateMachine {
        var deadline: Duration?
        var count = 0

        mutating func timePassed(to now: Duration) -> [Int] {
            guard let due = deadline, due <= now else { return [] }
            count += 1
            deadline = now + .seconds(1)
            return [count]
        }
    }

    /// Has something to do in a long time, and now and then something soon.
    private struct Sleeper: StateMachine {
        var soon: Duration?
        var deadline: Duration? { soon ?? .seconds(1000) }

        mutating func timePassed(to now: Duration) -> [Int] {
            if let due = soon, due <= now { soon = nil }
            return []
        }
    }

    /// Is due all the time, and has nothing to do.
    private struct Nagger: StateMachine {
        var calls = 0
        var deadline: Duration? { .zero }

        mutating func timePassed(to now: Duration) -> [Int] {
            calls += 1
            return []
        }
    }

    @Test func `a machine that is due for nothing is not asked again at once`() async throws {
        let clock = ManualClock()
        let driver = MachineDriver(Nagger(), timeline: Timeline(clock))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await driver.run { _ in nil } }
            defer { group.cancelAll() }
            for calls in 1...3 {
                try await eventually("it rests") { clock.nextAlarm != nil }
                #expect(driver.read { $0.calls } == calls)
                #expect(driver.alarmCount == 1)
                let alarm = try #require(clock.nextAlarm)
                clock.advance(by: alarm - clock.now.offset)
                try await eventually("it was asked") { driver.read { $0.calls } == calls + 1 }
            }
        }
    }

    @Test func aDeadlineThatComesAndGoesLeavesNoAlarmBehind() async throws {
        let clock = ManualClock()
        let driver = MachineDriver(Sleeper(), timeline: Timeline(clock))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await driver.run { _ in nil } }
            defer { group.cancelAll() }
            try await eventually("it sleeps for long") { driver.alarmCount == 1 }
            for _ in 0..<50 {
                driver.happened { machine, now in
                    machine.soon = now + .milliseconds(10)
                    return []
                }
                try await eventually("it sleeps for a moment") { driver.alarmCount == 2 }
                clock.advance(by: .milliseconds(10))
                try await eventually("it woke") {
                    driver.read { $0.soon } == nil && driver.alarmCount == 1
                }
            }
        }
    }

    @Test func theMachineIsWokenAtItsDeadlines() async {
        let clock = ManualClock()
        let driver = MachineDriver(Ticker(deadline: .seconds(1)), timeline: Timeline(clock))
        let (said, say) = AsyncStream.makeStream(of: Int.self)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await driver.run { number in
                    say.yield(number)
                    return nil
                }
            }
            var next = said.makeAsyncIterator()
            for expected in 1...3 {
                await asleep(clock)
                clock.advance(by: .seconds(1))
                #expect(await next.next() == expected)
            }
            group.cancelAll()
        }
    }

    @Test func actionsBeginInTheirOrderAndTheirWorkOverlaps() async {
        let driver = MachineDriver(Ticker(), timeline: Timeline(ManualClock()))
        let begun = Recorder<Int>()
        let (finished, finish) = AsyncStream.makeStream(of: Int.self)
        let gate = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: Void.self) { group in
            driver.happened { _, _ in [1, 2, 3] }
            group.addTask {
                await driver.run { number in
                    begun.record(number)
                    return {
                        // The first waits for the third: they overlap.
                        if number == 3 { gate.continuation.finish() }
                        if number == 1 { for await _ in gate.stream {} }
                        finish.yield(number)
                    }
                }
            }
            var ended: Set<Int> = []
            for await number in finished {
                ended.insert(number)
                if ended.count == 3 { break }
            }
            group.cancelAll()
        }
        #expect(begun.all == [1, 2, 3])
    }

    @Test func aPokeMakesALapUnlessTheLoopIsStuck() async throws {
        let driver = MachineDriver(Ticker(), timeline: Timeline(ManualClock()))
        try await withThrowingTaskGroup(of: Void.self) { group in
            let before = driver.laps
            driver.poke()
            #expect(driver.laps == before)
            group.addTask { await driver.run { _ in nil } }
            try await eventually("a lap") { driver.laps > before }
            group.cancelAll()
        }
    }

    private func asleep(_ clock: ManualClock) async {
        while clock.nextAlarm == nil { await Task.yield() }
    }
}
