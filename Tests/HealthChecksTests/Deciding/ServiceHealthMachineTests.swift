import Machines
import Registry
import Testing

@testable import HealthChecks

@Suite struct ServiceHealthMachineTests {
    @Test func allChecksMustPass() throws {
        var service = try Service(units: ["a", "b"])
        #expect(service.reports(of: { $0.started(at: $1) }).isEmpty)
        #expect(service.tell("a", .up).isEmpty)
        #expect(service.tell("b", .up) == [.up(service.key)])
        #expect(
            service.tell("a", .down("failed"))
                == [.down(service.key, service.reason("unit a", "it is failed"))]
        )
        // The second failure changes nothing.
        #expect(service.tell("b", .goingDown).isEmpty)
        #expect(service.tell("a", .up).changes.isEmpty)
        #expect(service.tell("b", .up) == [.up(service.key)])
    }

    @Test func anotherReasonForBeingDownIsSaid() throws {
        var service = try Service(units: ["a", "b"])
        _ = service.tell("a", .up)
        _ = service.tell("b", .up)
        #expect(service.tell("a", .goingDown).count == 1)
        #expect(
            service.tell("a", .down("inactive"))
                == [.reasonChanged(service.key, service.reason("unit a", "it is inactive"))]
        )
        #expect(service.tell("a", .down("inactive")).isEmpty)
        // What else fails is not the first reason.
        #expect(service.tell("b", .goingDown).isEmpty)
        #expect(
            service.tell("a", .up)
                == [.reasonChanged(service.key, service.reason("unit b", "it is being stopped"))]
        )
    }

    /// What a check saw before was another process: this one may not listen yet.
    @Test func whenAUnitComesBackTheOtherChecksHaveToPassAnew() throws {
        let tcp = try #require(TCPTarget("127.0.0.1:80"))
        var service = try Service(
            checks: [
                CheckDefinition(.unit("a")),
                CheckDefinition(.tcp(tcp), timing: CheckTiming(rise: 2)),
            ]
        )
        _ = service.tell("a", .up)
        #expect(service.run(failing: nil).isEmpty)
        #expect(service.run(failing: nil) == [.up(service.key)])
        #expect(service.tell("a", .goingDown).count == 1)
        #expect(service.tell("a", .up).changes.isEmpty)
        #expect(service.run(failing: nil).changes.isEmpty)
        #expect(service.run(failing: nil) == [.up(service.key)])
        // That it is up still is no return.
        #expect(service.tell("a", .up).isEmpty && service.machine.isUp)
    }

    /// Who says so trusts it from the start.
    @Test func aCheckThatBeginsAsUpDoesSoAgainWhenAUnitComesBack() throws {
        let tcp = try #require(TCPTarget("127.0.0.1:80"))
        var service = try Service(
            checks: [
                CheckDefinition(.unit("a")),
                CheckDefinition(.tcp(tcp), timing: CheckTiming(initial: .up)),
            ]
        )
        #expect(service.tell("a", .up) == [.up(service.key)])
        _ = service.tell("a", .down("failed"))
        #expect(service.tell("a", .up) == [.up(service.key)])
    }

    @Test func aServiceThatBeginsAsDownIsSaidToBeSoWhenACheckHasFailed() throws {
        var service = try Service(units: ["a", "b"])
        #expect(service.reports(of: { $0.started(at: $1) }).isEmpty)
        // That of the check that has said something, not of the one that has not.
        #expect(
            service.tell("b", .down("failed"))
                == [.down(service.key, service.reason("unit b", "it is failed"))]
        )
        #expect(service.tell("a", .down("failed")).changes.isEmpty)
    }

    @Test func aServiceWithoutChecksIsUp() throws {
        var service = try Service(units: [])
        #expect(service.machine.isUp)
        #expect(service.reports(of: { $0.started(at: $1) }) == [.up(service.key)])
    }

    @Test func oneThatIsPresumedUpIsWithdrawnOnlyByFailures() throws {
        var service = try Service(units: ["a"], presumedUp: true)
        #expect(service.reports(of: { $0.started(at: $1) }) == [.up(service.key)])
        #expect(service.tell("a", .up).isEmpty)
        #expect(service.tell("a", .goingDown).count == 1)
    }

    @Test func whatIsKnownOfAUnitHoldsForAChecksThatComeLater() throws {
        let service = try Service(units: ["a"], conditions: ["a": .up])
        #expect(service.machine.isUp)
    }

    @Test func aFlappingServiceIsWithdrawnAtOnceButItsReturnWaits() throws {
        var service = try Service(
            units: ["a"],
            limits: DampingLimits(changes: 4, window: .seconds(60))
        )
        // Changes at 1, 2, 3 and 4 seconds: two returns, two withdrawals.
        for _ in 0..<2 {
            service.now += .seconds(1)
            #expect(service.tell("a", .up) == [.up(service.key)])
            service.now += .seconds(1)
            #expect(service.tell("a", .goingDown).count == 1)
        }
        service.now = .seconds(5)
        // Room for two changes is there when those of the first two seconds are too old.
        #expect(
            service.tell("a", .up) == [.dampingBegan(service.key, returnIn: .seconds(57))]
        )
        #expect(service.machine.verdict(at: service.now).state == .damped(until: .seconds(62)))
        #expect(service.machine.deadline == .seconds(62))
        // Said once, however often it flaps meanwhile.
        for second in 6..<30 {
            service.now = .seconds(second)
            #expect(service.tell("a", second.isMultiple(of: 2) ? .goingDown : .up).isEmpty)
        }
        #expect(!service.machine.isUp)
        service.now = .seconds(62)
        #expect(service.passTime() == [.dampingEnded(service.key), .up(service.key)])
        // And the next withdrawal is at once again.
        service.now = .seconds(62)
        #expect(service.tell("a", .goingDown).count == 1)
    }

    @Test func dampingEndsAlsoForAServiceThatIsDown() throws {
        var service = try Service(
            units: ["a"],
            limits: DampingLimits(changes: 2, window: .seconds(60))
        )
        _ = service.tell("a", .up)
        _ = service.tell("a", .goingDown)
        #expect(service.tell("a", .up).count == 1)
        _ = service.tell("a", .goingDown)
        service.now = .seconds(60)
        #expect(service.passTime() == [.dampingEnded(service.key)])
        #expect(!service.machine.isUp)
        #expect(service.tell("a", .up) == [.up(service.key)])
    }

    @Test(arguments: 0..<50) func noWindowSeesMoreChangesThanTheLimit(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let limits = DampingLimits(changes: 6, window: .seconds(60))
        var service = try Service(units: ["a"], limits: limits)
        var changes: [Duration] = []
        for _ in 0..<500 {
            service.now += .milliseconds(Int.random(in: 1...5000, using: &generator))
            let isUp = Bool.random(using: &generator)
            let before = service.machine.isUp
            _ = service.passTime()
            if service.machine.isUp != before { changes.append(service.now) }
            let between = service.machine.isUp
            _ = service.tell("a", isUp ? .up : .goingDown)
            if service.machine.isUp != between { changes.append(service.now) }
            // Nobody is sent to a service that is known to be down.
            if !isUp { #expect(!service.machine.isUp) }
        }
        #expect(changes.count > limits.changes)
        for (index, change) in changes.enumerated() {
            let count = changes[index...].prefix { $0 < change + limits.window }.count
            #expect(count <= limits.changes)
        }
    }

    @Test func theFirstOfTheFailuresThatItTakesIsSaidOnce() throws {
        let check = try Services.tcp(80, timing: Services.timing(initial: .up))
        var service = try Service(checks: [check])
        #expect(
            service.run(failing: "nobody listens") == [
                .checkFailing(
                    service.key,
                    check: "tcp 127.0.0.1:80",
                    saw: "nobody listens",
                    fall: 3
                )
            ]
        )
        #expect(service.run(failing: "nobody listens").isEmpty)
        #expect(service.run(failing: nil).isEmpty)
        #expect(service.run(failing: "nobody listens").count == 1)
    }

    @Test func aReloadKeepsTheStateOfUnchangedChecksAndEndsTheRunsOfThoseThatAreGone() throws {
        let (first, second) = (try Services.tcp(1), try Services.tcp(2))
        var service = try Service(checks: [first, second])
        for _ in 0..<4 { _ = service.run(failing: nil) }
        #expect(service.machine.isUp)
        let runs = service.begin()
        #expect(runs.count == 2)

        let third = try Services.tcp(3)
        let now = service.now
        let actions = service.machine.checksChanged(to: [third, second], conditions: [:], at: now)
        #expect(actions == [.cancel(number: runs[0])])
        // The new check begins as up: a reload withdraws nothing by itself.
        #expect(service.machine.isUp)
        #expect(service.machine.checks.map(\.run) == [nil, runs[1]])
    }

    @Test func addingACheckToAServiceThatIsDownDoesNotRaiseIt() throws {
        let first = try Services.tcp(1)
        var service = try Service(checks: [first])
        let actions = service.machine.checksChanged(
            to: [first, try Services.tcp(2)],
            conditions: [:],
            at: .zero
        )
        #expect(actions.isEmpty)
        #expect(service.machine.checks.allSatisfy { !$0.isUp })
    }

    /// A service and the time.
    private struct Service {
        var machine: ServiceHealthMachine
        var now = Duration.zero
        var key: ServiceKey { machine.key }
        private var counter = 0

        init(
            units: [String],
            presumedUp: Bool = false,
            conditions: [String: UnitCondition] = [:],
            limits: DampingLimits = DampingLimits()
        ) throws {
            try self.init(
                checks: units.map { CheckDefinition(.unit($0)) },
                presumedUp: presumedUp,
                conditions: conditions,
                limits: limits
            )
        }

        init(
            checks: [CheckDefinition],
            presumedUp: Bool = false,
            conditions: [String: UnitCondition] = [:],
            limits: DampingLimits = DampingLimits()
        ) throws {
            machine = ServiceHealthMachine(
                ServiceChecks(try Services.key(), checks: checks),
                presumedUp: presumedUp,
                conditions: conditions,
                limits: limits,
                generator: SeededGenerator(seed: 3),
                at: .zero
            )
        }

        mutating func reports(
            of event: (inout ServiceHealthMachine, Duration) -> [ServiceHealthMachine.Action]
        ) -> [HealthReport] {
            event(&machine, now).compactMap {
                if case .report(let report) = $0 { report } else { nil }
            }
        }

        mutating func tell(_ unit: String, _ condition: UnitCondition) -> [HealthReport] {
            reports { $0.unitChanged(unit, to: condition, at: $1) }
        }

        mutating func passTime() -> [HealthReport] {
            var counter = counter
            defer { self.counter = counter }
            return reports { $0.timePassed(to: $1, counter: &counter) }
        }

        /// Begins all that is to begin next.
        mutating func begin() -> [Int] {
            now += .seconds(20)
            return machine.timePassed(to: now, counter: &counter).runs
        }

        /// What a check has seen just now.
        func reason(_ check: String, _ saw: String) -> HealthReason {
            HealthReason(check: check, saw: saw, since: now, lasted: .zero)
        }

        /// Begins what is to begin next and ends it.
        mutating func run(failing failure: String?) -> [HealthReport] {
            begin().flatMap { number in
                reports { $0.runEnded(number, failure: failure, at: $1) }
            }
        }
    }
}

extension [HealthReport] {
    /// Without those that only say why a service is still down.
    fileprivate var changes: [HealthReport] {
        filter { if case .reasonChanged = $0 { false } else { true } }
    }
}
