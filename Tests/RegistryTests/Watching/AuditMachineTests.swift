import Machines
import Testing

@testable import Registry

/// When a difference between list and store is a fault.
@Suite struct AuditMachineTests {
    private let ours = KeySummary(revision: 10, count: 3, changed: ["a": 10])

    @Test func theFirstComparisonIsPlannedRoundTheInterval() throws {
        for seed in 0..<50 as Range<UInt64> {
            var audit = machine(seed: seed)
            audit.listed(5, at: .seconds(7))
            let due = try #require(audit.deadline)
            #expect(due >= .seconds(57) && due <= .seconds(157) && audit.since == 5)
        }
    }

    @Test func theSameIsFineAndNeedNotBeComparedAgain() {
        var audit = machine()
        audit.listed(5, at: .zero)
        let isDue = audit.timePassed(to: .seconds(200))
        #expect(isDue && audit.deadline == nil)
        let theirs = KeySummary(revision: 90, count: 3, changed: ["a": 10])
        let verdict = audit.compared(ours, with: theirs, at: .seconds(200))
        #expect(verdict == .fine && audit.since == 90 && audit.deadline != nil)
    }

    @Test func aMissingChangeIsLookedAtAgainBeforeItCounts() {
        var audit = machine()
        let theirs = KeySummary(revision: 12, count: 3, changed: ["a": 10, "b": 12])
        var verdict = audit.compared(ours, with: theirs, at: .seconds(200))
        #expect(verdict == .fine && audit.deadline == .seconds(201) && audit.since == .zero)
        verdict = audit.compared(ours, with: theirs, at: .seconds(201))
        #expect(verdict == .diverged)
    }

    @Test func aChangeThatWasOnItsWayIsNoFault() {
        var audit = machine()
        let theirs = KeySummary(revision: 12, count: 3, changed: ["a": 10, "b": 12])
        var verdict = audit.compared(ours, with: theirs, at: .seconds(200))
        verdict = audit.compared(theirs, with: theirs, at: .seconds(201))
        #expect(verdict == .fine)
    }

    @Test func onABusyPrefixTheOldChangeThatIsStillMissingCounts() {
        var audit = machine()
        let theirs = KeySummary(revision: 12, count: 3, changed: ["a": 10, "b": 12])
        var verdict = audit.compared(ours, with: theirs, at: .seconds(200))
        let later = KeySummary(revision: 30, count: 3, changed: ["a": 29, "b": 12, "c": 30])
        let lagging = KeySummary(revision: 29, count: 3, changed: ["a": 29])
        verdict = audit.compared(lagging, with: later, at: .seconds(201))
        #expect(verdict == .diverged)
    }

    @Test func onABusyPrefixAListThatKeepsUpIsFine() {
        var audit = machine()
        let theirs = KeySummary(revision: 12, count: 3, changed: ["a": 10, "b": 12])
        var verdict = audit.compared(ours, with: theirs, at: .seconds(200))
        let later = KeySummary(revision: 30, count: 4, changed: ["a": 29, "b": 12, "c": 30])
        let almost = KeySummary(revision: 29, count: 3, changed: ["a": 29, "b": 12])
        verdict = audit.compared(almost, with: later, at: .seconds(201))
        #expect(verdict == .fine)
    }

    @Test func aKeyThatIsGoneAndStaysInTheListCounts() {
        var audit = machine()
        let theirs = KeySummary(revision: 12, count: 2, changed: ["a": 10])
        var verdict = audit.compared(ours, with: theirs, at: .seconds(200))
        verdict = audit.compared(ours, with: theirs, at: .seconds(201))
        #expect(verdict == .diverged)
    }

    private func machine(seed: UInt64 = 1) -> AuditMachine {
        AuditMachine(
            every: .seconds(100),
            again: .seconds(1),
            pause: .seconds(5),
            generator: SeededGenerator(seed: seed)
        )
    }
}
