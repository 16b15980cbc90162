import Testing

@testable import Registry

/// When a difference between list and store is a fault.
@Suite struct AuditMachineTests {
    private let ours = KeySummary(count: 3, highest: 10)

    @Test func theFirstComparisonIsPlannedRoundTheInterval() throws {
        for seed in 0..<50 as Range<UInt64> {
            var audit = machine(seed: seed)
            audit.listed(at: .seconds(7))
            let due = try #require(audit.deadline)
            #expect(due >= .seconds(57) && due <= .seconds(157))
        }
    }

    @Test func theSameIsFineAndPlansTheNext() {
        var audit = machine()
        audit.listed(at: .zero)
        let isDue = audit.timePassed(to: .seconds(200))
        #expect(isDue && audit.deadline == nil)
        let verdict = audit.compared(ours, with: ours, at: .seconds(200))
        #expect(verdict == .fine)
        #expect(audit.deadline != nil)
    }

    @Test func aDifferenceIsLookedAtAgainBeforeItCounts() {
        var audit = machine()
        let theirs = KeySummary(count: 4, highest: 12)
        var verdict = audit.compared(ours, with: theirs, at: .seconds(200))
        #expect(verdict == .fine)
        #expect(audit.deadline == .seconds(201))
        verdict = audit.compared(ours, with: theirs, at: .seconds(201))
        #expect(verdict == .diverged)
    }

    @Test func aChangeThatWasOnItsWayIsNoFault() {
        var audit = machine()
        let theirs = KeySummary(count: 4, highest: 12)
        _ = audit.compared(ours, with: theirs, at: .seconds(200))
        let verdict = audit.compared(theirs, with: theirs, at: .seconds(201))
        #expect(verdict == .fine)
    }

    @Test func onABusyPrefixTheOldChangeThatIsStillMissingCounts() {
        var audit = machine()
        _ = audit.compared(ours, with: KeySummary(count: 4, highest: 12), at: .seconds(200))
        let later = KeySummary(count: 9, highest: 30)
        let still = KeySummary(count: 3, highest: 11)
        let verdict = audit.compared(still, with: later, at: .seconds(201))
        #expect(verdict == .diverged)
    }

    @Test func onABusyPrefixAListThatKeepsUpIsFine() {
        var audit = machine()
        _ = audit.compared(ours, with: KeySummary(count: 4, highest: 12), at: .seconds(200))
        let later = KeySummary(count: 9, highest: 30)
        let almost = KeySummary(count: 8, highest: 28)
        let verdict = audit.compared(almost, with: later, at: .seconds(201))
        #expect(verdict == .fine)
    }

    private func machine(seed: UInt64 = 1) -> AuditMachine {
        AuditMachine(
            every: .seconds(100),
            again: .seconds(1),
            generator: SeededGenerator(seed: seed)
        )
    }
}
