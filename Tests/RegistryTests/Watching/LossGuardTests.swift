import Testing

@testable import Registry

/// Which losses are believed at once, and which are held back.
@Suite struct LossGuardTests {
    private let endpoints: [Endpoint]

    init() throws {
        endpoints = try (0..<10).map { number in
            Endpoint(
                instance: try RegistrationMachineTests.instance("web", "web-\(number)"),
                createRevision: 1,
                modRevision: 1,
                version: 1,
                lease: LeaseID(rawValue: Int64(number) + 1)
            )
        }
    }

    @Test func withoutSuspicionEverythingIsBelieved() {
        var guarding = guarding()
        let verdict = guarding.lost(endpoints, remaining: 0, at: .seconds(100))
        #expect(verdict == .believed)
        #expect(guarding.held.isEmpty)
    }

    @Test func mostOfThemAtOnceAfterALostConnectionAreHeldForTheHoldTime() {
        var guarding = guarding()
        guarding.faultSuspected(at: .zero)
        let verdict = guarding.lost(Array(endpoints.prefix(6)), remaining: 4, at: .seconds(1))
        #expect(verdict == .massLoss(lost: 6, of: 10))
        #expect(guarding.deadline == .seconds(61))
        let (early, isEarly) = (guarding.giveUp(at: .seconds(60)), guarding.settled())
        #expect(early.isEmpty && !isEarly)
        let (dropped, isSettled) = (guarding.giveUp(at: .seconds(61)), guarding.settled())
        #expect(Set(dropped) == Set(endpoints.prefix(6).map(\.instance.key)))
        #expect(isSettled && guarding.dropped == 6)
    }

    @Test func halfOfThemAreBelievedAfterAMoment() {
        var guarding = guarding()
        guarding.faultSuspected(at: .zero)
        let verdict = guarding.lost(Array(endpoints.prefix(5)), remaining: 5, at: .seconds(1))
        #expect(verdict == .heldBack)
        #expect(guarding.deadline == .seconds(3))
        let (dropped, isSettled) = (guarding.giveUp(at: .seconds(3)), guarding.settled())
        #expect(dropped.count == 5 && guarding.held.isEmpty && !isSettled)
    }

    @Test func twoOfTwoAreNoMass() {
        var guarding = guarding()
        guarding.faultSuspected(at: .zero)
        let verdict = guarding.lost(Array(endpoints.prefix(2)), remaining: 0, at: .seconds(1))
        #expect(verdict == .heldBack)
    }

    @Test func leasesThatEndOneAfterTheOtherAddUp() {
        var guarding = guarding()
        guarding.faultSuspected(at: .zero)
        var verdicts: [LossGuard.OnLoss] = []
        for (number, endpoint) in endpoints.enumerated() {
            let now = Duration.milliseconds(1000 + 500 * number)
            _ = guarding.giveUp(at: now)
            verdicts.append(guarding.lost([endpoint], remaining: 9 - number, at: now))
        }
        #expect(verdicts.firstIndex(of: .massLoss(lost: 4, of: 10)) == 5)
        // Those that had been believed before it was clear stay gone.
        #expect(guarding.held.count == 8)
    }

    @Test func whatComesBackIsNoLongerHeldAndTheMassLossEnds() {
        var guarding = guarding()
        guarding.faultSuspected(at: .zero)
        _ = guarding.lost(endpoints, remaining: 0, at: .seconds(1))
        for endpoint in endpoints { guarding.heard(of: endpoint.instance.key) }
        let isSettled = guarding.settled()
        #expect(guarding.held.isEmpty && isSettled && guarding.dropped == 0)
        #expect(guarding.deadline == nil)
    }

    @Test func suspicionEndsWithTime() {
        var guarding = guarding()
        guarding.faultSuspected(at: .zero)
        let verdict = guarding.lost(endpoints, remaining: 0, at: .seconds(22))
        #expect(verdict == .believed)
    }

    private func guarding() -> LossGuard {
        LossGuard(.init(window: .seconds(10), hold: .seconds(60)))
    }
}
