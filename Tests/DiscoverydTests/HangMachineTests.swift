import Testing

@testable import discoveryd

@Suite struct HangMachineTests {
    @Test func whatHangsIsSaidOnceAndThatItAnswersAgain() {
        var machine = HangMachine()
        #expect(machine.looked(at: ["/a": .seconds(9), "/b": .zero]).isEmpty)
        #expect(machine.looked(at: ["/a": .seconds(14)]) == [.hangs("/a", .seconds(14))])
        #expect(machine.looked(at: ["/a": .seconds(19), "/b": .seconds(1)]).isEmpty)
        #expect(
            machine.looked(at: ["/a": .zero, "/b": .seconds(11)])
                == [.answers("/a"), .hangs("/b", .seconds(11))]
        )
        // Its directory is no longer configured, and its thread has ended.
        #expect(machine.looked(at: [:]) == [.answers("/b")])
        #expect(machine.looked(at: [:]).isEmpty)
    }
}
