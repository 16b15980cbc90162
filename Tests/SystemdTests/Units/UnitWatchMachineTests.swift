import Glibc
import Machines
import Testing

@testable import Systemd

@Suite struct UnitWatchMachineTests {
    private static let systemd = ":1.0"
    private static let path = "/org/freedesktop/systemd1/unit/web_2eservice"
    private static let active = UnitFacts(load: "loaded", active: "active", sub: "running")
    private static let inactive = UnitFacts(load: "loaded", active: "inactive", sub: "dead")

    private static func machine(
        _ units: Set<String> = ["web.service"],
        seed: UInt64 = 1
    ) -> UnitWatchMachine {
        UnitWatchMachine(
            units: units,
            retry: .init(base: .seconds(1), cap: .seconds(10)),
            generator: SeededGenerator(seed: seed)
        )
    }

    private static func tells(
        _ active: UnitState.Active,
        _ sub: String,
        _ unit: String = "web.service"
    ) -> UnitWatchMachine.Action {
        .tell(UnitChange(unit: unit, state: UnitState(active: active, sub: sub)))
    }

    /// Answers all that `actions` ask, and what is asked then, until nothing more is; what else they
    /// say comes back.
    private static func answer(
        _ machine: inout UnitWatchMachine,
        _ actions: [UnitWatchMachine.Action],
        facts: UnitFacts = active
    ) -> [UnitWatchMachine.Action] {
        var rest = actions
        var said: [UnitWatchMachine.Action] = []
        while !rest.isEmpty {
            let action = rest.removeFirst()
            guard case .ask(let question) = action else {
                said.append(action)
                continue
            }
            let answer: UnitQuestion.Answer =
                switch question {
                case .match, .subscribe: .done
                case .owner: .name(systemd)
                case .load, .find: .path(path)
                case .read: .facts(facts)
                }
            rest += machine.answered(question, answer)
        }
        return said
    }

    /// A machine whose units were read.
    private static func following(
        _ units: Set<String> = ["web.service"],
        facts: UnitFacts = active
    ) -> UnitWatchMachine {
        var machine = machine(units)
        _ = answer(&machine, machine.connected(), facts: facts)
        return machine
    }

    @Test func whoWeHearIsKnownBeforeAnythingIsAsked() {
        var machine = Self.machine(["web.service", "db.service"])
        #expect(
            machine.connected() == [
                .ask(.matchArrival), .ask(.matchReload), .ask(.owner), .ask(.subscribe),
                .ask(.load(unit: "db.service")), .ask(.load(unit: "web.service")),
            ]
        )
    }

    @Test func aUnitsSignalsAreAskedForBeforeItsState() {
        var machine = Self.machine()
        _ = machine.connected()
        #expect(
            machine.answered(.load(unit: "web.service"), .path(Self.path)) == [
                .ask(.matchPresence(of: Self.path)), .ask(.matchChange(of: Self.path)),
                .ask(.read(unit: "web.service", path: Self.path)),
            ]
        )
    }

    @Test func theFirstReadingIsToldAndThenThatItFollows() {
        var machine = Self.machine()
        let said = Self.answer(&machine, machine.connected())
        #expect(said == [Self.tells(.active, "running"), .reportFollowing])
    }

    @Test func aChangeIsToldOnce() {
        var machine = Self.following()
        let failed = UnitSignal.changed(
            path: Self.path,
            UnitFacts(active: "failed", sub: "failed")
        )
        #expect(machine.heard(failed, from: Self.systemd) == [Self.tells(.failed, "failed")])
        #expect(machine.heard(failed, from: Self.systemd) == [])
    }

    @Test func aChangeOfSomethingElseIsNoNews() {
        var machine = Self.following()
        #expect(machine.heard(.changed(path: Self.path, UnitFacts()), from: Self.systemd) == [])
        let other = UnitSignal.changed(path: Self.path + "x", Self.inactive)
        #expect(machine.heard(other, from: Self.systemd) == [])
    }

    @Test func aStrangersSignalsAreIgnored() {
        var machine = Self.following()
        let signals: [UnitSignal] = [
            .changed(path: Self.path, Self.inactive), .removed(path: Self.path), .reloaded,
            .managerChanged(owner: ":1.66"), .appeared(path: Self.path),
        ]
        for signal in signals { #expect(machine.heard(signal, from: ":1.66") == []) }
        let signal = UnitSignal.changed(path: Self.path, Self.inactive)
        #expect(machine.heard(signal, from: Self.systemd) == [Self.tells(.inactive, "dead")])
    }

    @Test func aUnitThatDoesNotExistIsInactiveAndSaysWhy() {
        var machine = Self.machine()
        let missing = UnitFacts(load: "not-found", active: "inactive", sub: "dead")
        let said = Self.answer(&machine, machine.connected(), facts: missing)
        #expect(said == [Self.tells(.inactive, "not-found"), .reportFollowing])
        #expect(machine.heard(.removed(path: Self.path), from: Self.systemd) == [])
    }

    @Test func aUnitThatCameToExistSaysNoMoreThatItDoesNot() {
        let missing = UnitFacts(load: "not-found", active: "inactive", sub: "dead")
        var machine = Self.following(facts: missing)
        let started = UnitSignal.changed(
            path: Self.path,
            UnitFacts(active: "active", sub: "running")
        )
        #expect(machine.heard(started, from: Self.systemd) == [Self.tells(.active, "running")])
        let removed = machine.heard(.removed(path: Self.path), from: Self.systemd)
        #expect(removed == [Self.tells(.inactive, "dead")])
    }

    @Test func aStateOfALaterSystemdIsAnotherOne() {
        var machine = Self.following()
        let facts = UnitFacts(active: "refreshing", sub: "refresh-extensions")
        let said = machine.heard(.changed(path: Self.path, facts), from: Self.systemd)
        #expect(said == [Self.tells(.other, "refresh-extensions")])
    }

    @Test func allNamesOfAUnitChangeWithIt() {
        var machine = Self.following(["web.service", "nginx.service"])
        let said = machine.heard(.changed(path: Self.path, Self.inactive), from: Self.systemd)
        #expect(
            said == [
                Self.tells(.inactive, "dead", "nginx.service"), Self.tells(.inactive, "dead"),
            ]
        )
    }

    @Test func aUnitThatAppearsIsReadOnlyIfItIsStillThere() {
        var machine = Self.following(facts: Self.inactive)
        let question = UnitQuestion.find(unit: "web.service")
        #expect(machine.heard(.appeared(path: Self.path), from: Self.systemd) == [.ask(question)])
        let gone = SystemdError(code: .refused, message: "no such unit", errno: ENOENT)
        #expect(machine.answered(question, .refused(gone)) == [])
        let said = Self.answer(
            &machine,
            machine.heard(.appeared(path: Self.path), from: Self.systemd)
        )
        #expect(said == [Self.tells(.active, "running")])
    }

    @Test func aUnitThatIsRemovedIsInactive() {
        var machine = Self.following(facts: UnitFacts(active: "failed", sub: "failed"))
        let said = machine.heard(.removed(path: Self.path), from: Self.systemd)
        #expect(said == [Self.tells(.inactive, "dead")])
    }

    @Test func aReloadOfSystemdIsNoChangeOfAUnit() {
        var machine = Self.following()
        #expect(machine.heard(.reloading, from: Self.systemd) == [])
        #expect(machine.heard(.removed(path: Self.path), from: Self.systemd) == [])
        let actions = machine.heard(.reloaded, from: Self.systemd)
        #expect(actions == [.ask(.subscribe), .ask(.load(unit: "web.service"))])
        #expect(Self.answer(&machine, actions) == [])
        let removed = machine.heard(.removed(path: Self.path), from: Self.systemd)
        #expect(removed == [Self.tells(.inactive, "dead")])
    }

    @Test func aRuleIsAskedForOnce() {
        var machine = Self.following()
        _ = machine.heard(.reloaded, from: Self.systemd)
        let actions = machine.answered(.load(unit: "web.service"), .path(Self.path))
        #expect(actions == [.ask(.read(unit: "web.service", path: Self.path))])
    }

    @Test func systemdIsHeardUnderTheNameItComesBackWith() {
        var machine = Self.following()
        var actions = machine.heard(.managerChanged(owner: ""), from: SystemdNames.bus)
        #expect(actions == [])
        actions = machine.heard(.managerChanged(owner: ":1.9"), from: SystemdNames.bus)
        #expect(actions == [.ask(.subscribe), .ask(.load(unit: "web.service"))])
        let signal = UnitSignal.changed(path: Self.path, Self.inactive)
        #expect(machine.heard(signal, from: Self.systemd) == [])
        #expect(machine.heard(signal, from: ":1.9") == [Self.tells(.inactive, "dead")])
    }

    @Test func anOpenQuestionIsNotAskedAgain() {
        var machine = Self.following()
        #expect(machine.heard(.reloaded, from: Self.systemd).count == 2)
        #expect(machine.heard(.reloaded, from: Self.systemd) == [])
    }

    @Test func aUnitThatCannotBeReadIsSaidOnceAndTheOthersAreFollowed() {
        var machine = Self.machine(["bad name", "web.service"])
        let actions = machine.connected()
        let error = SystemdError(code: .refused, message: "not valid", errno: EINVAL)
        let question = UnitQuestion.load(unit: "bad name")
        let said = machine.answered(question, .refused(error))
        #expect(said == [.reportRefused(unit: "bad name", error)])
        let rest = Self.answer(&machine, actions.filter { $0 != .ask(question) })
        #expect(rest == [Self.tells(.active, "running"), .reportFollowing])
        _ = machine.heard(.reloaded, from: Self.systemd)
        #expect(machine.answered(question, .refused(error)) == [])
    }

    @Test func aPeerThatIsGoneEndsTheConnection() {
        var machine = Self.machine()
        _ = machine.connected()
        let gone = SystemdError.busTimedOut()
        #expect(machine.answered(.load(unit: "web.service"), .refused(gone)) == [.giveUp(gone)])
    }

    @Test func afterAConnectionIsLostEverythingIsReadAndOnlyWhatDiffersIsTold() {
        var machine = Self.following()
        _ = machine.lost(.busTimedOut(), at: .zero)
        var said = Self.answer(&machine, machine.connected())
        #expect(said == [.reportFollowing])
        _ = machine.lost(.busTimedOut(), at: .zero)
        said = Self.answer(&machine, machine.connected(), facts: Self.inactive)
        #expect(said == [Self.tells(.inactive, "dead"), .reportFollowing])
    }

    @Test func retriesSlowDownToACapUntilOneSucceeds() throws {
        let gone = SystemdError.busTimedOut()
        var longest = Array(repeating: Duration.zero, count: 8)
        for seed in 0..<200 as Range<UInt64> {
            var machine = Self.machine(seed: seed)
            #expect(machine.started() == [.connect] && machine.started() == [])
            for attempt in longest.indices {
                // A connection that is lost before all is read is no success.
                if attempt == 6 { _ = machine.connected() }
                if attempt == 7 { _ = Self.answer(&machine, machine.connected()) }
                let lost = machine.lost(gone, at: .zero)
                let delay = try #require(machine.deadline)
                #expect(lost == [.reportLost(gone, retryAfter: delay)])
                #expect(machine.timePassed(to: delay - .nanoseconds(1)) == [])
                #expect(machine.timePassed(to: delay) == [.connect])
                longest[attempt] = max(longest[attempt], delay)
            }
        }
        for (delay, ceiling) in zip(longest, [1, 2, 4, 8, 10, 10, 10, 1]) {
            #expect(delay <= .seconds(ceiling) && delay > .seconds(ceiling) * 0.9)
        }
    }
}
