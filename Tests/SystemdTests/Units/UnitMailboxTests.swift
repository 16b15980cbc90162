import Testing

@testable import Systemd

@Suite struct UnitMailboxTests {
    private static func change(_ unit: String, _ active: UnitState.Active) -> UnitChange {
        UnitChange(unit: unit, state: UnitState(active: active, sub: ""))
    }

    @Test func aSlowReaderGetsTheNewestOfEachUnit() async {
        let mailbox = UnitMailbox()
        mailbox.put(Self.change("web", .activating))
        mailbox.put(Self.change("db", .active))
        mailbox.put(Self.change("web", .active))
        mailbox.close()
        var read: [UnitChange] = []
        for await change in UnitChanges(mailbox: mailbox) { read.append(change) }
        #expect(read == [Self.change("web", .active), Self.change("db", .active)])
    }

    @Test func aReaderThatWaitsIsWoken() async {
        let mailbox = UnitMailbox()
        async let first = UnitChanges(mailbox: mailbox).first { _ in true }
        mailbox.put(Self.change("web", .failed))
        #expect(await first == Self.change("web", .failed))
    }

    @Test func cancellationEndsTheReading() async {
        let mailbox = UnitMailbox()
        let reading = Task { await UnitChanges(mailbox: mailbox).first { _ in true } }
        reading.cancel()
        #expect(await reading.value == nil)
    }
}
