import Testing

@testable import Daemon

@Suite struct HangMachineTests {
    @Test func whatHangsIsSaidOnceAndThatItAnswersAgain() {
        var machine = HangMachine()
        #expect(machine.observed(busy: ["/a": .seconds(9), "/b": .zero]).isEmpty)
        #expect(machine.observed(busy: ["/a": .seconds(14)]) == [.hangs("/a", .seconds(14))])
        #expect(machine.observed(busy: ["/a": .seconds(19), "/b": .seconds(1)]).isEmpty)
        #expect(
            machine.observed(busy: ["/a": .zero, "/b": .seconds(11)])
                == [.answers("/a"), .hangs("/b", .seconds(11))]
        )
        // Its directory is no longer configured, and its thread has ended.
        #expect(machine.observed(busy: [:]) == [.answers("/b")])
        #expect(machine.observed(busy: [:]).isEmpty)
    }

    @Test func `what hangs is said within 15 s, whenever it began`() {
        for began in stride(from: 0.0, to: 20, by: 0.5) {
            var (machine, now) = (HangMachine(), 0.0)
            while true {
                now += machine.pause / .seconds(1)
                let busy = Duration.seconds(max(0, now - began))
                guard machine.observed(busy: ["/a": busy]).isEmpty else { break }
            }
            #expect(now - began <= 15, "it began to hang after \(began) s")
        }
    }

    @Test func `while nothing is under way the next look is twice as far`() {
        var machine = HangMachine()
        _ = machine.observed(busy: ["/a": .zero])
        #expect(machine.pause == .seconds(10))
        _ = machine.observed(busy: ["/a": .milliseconds(1)])
        #expect(machine.pause == .seconds(5))
    }
}
