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
}
