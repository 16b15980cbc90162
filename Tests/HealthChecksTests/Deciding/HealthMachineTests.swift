import HealthChecks
import Machines
import Registry
import Testing

@Suite struct HealthMachineTests {
    @Test func servicesGoTheirOwnWays() throws {
        var machine = HealthMachine(generator: SeededGenerator(seed: 1))
        let (web, api) = (try Services.key("web"), try Services.key("api"))
        let named = [
            ServiceChecks(web, checks: [CheckDefinition(.unit("nginx.service"))]),
            ServiceChecks(api, checks: [CheckDefinition(.unit("api.service"))]),
        ]
        let first = machine.servicesChanged(to: named, presumedUp: [], at: .zero)
        // Nobody has told of their units yet: nothing is said that rests on nothing.
        #expect(first.isEmpty)
        #expect(machine.units == ["api.service", "nginx.service"])
        #expect(machine.unitChanged("nginx.service", to: .up, at: .zero) == [.report(.up(web))])
        let verdicts = machine.verdicts(at: .zero)
        #expect(verdicts[web]?.isUp == true)
        #expect(verdicts[api]?.isUp == false)
        // The same again changes nothing.
        #expect(machine.servicesChanged(to: named, presumedUp: [], at: .zero).isEmpty)
        #expect(machine.verdicts(at: .zero)[web]?.isUp == true)
    }

    @Test func twoServicesMayLookAtOneUnit() throws {
        var machine = HealthMachine(generator: SeededGenerator(seed: 1))
        let keys = [try Services.key("a"), try Services.key("b")]
        let check = CheckDefinition(.unit("nginx.service"))
        _ = machine.servicesChanged(
            to: keys.map { ServiceChecks($0, checks: [check]) },
            presumedUp: [],
            at: .zero
        )
        #expect(
            machine.unitChanged("nginx.service", to: .up, at: .zero)
                == keys.map { .report(.up($0)) }
        )
    }

    @Test func theRunsOfAServiceThatIsGoneAreEndedAndTheirOutcomesIgnored() throws {
        var machine = HealthMachine(generator: SeededGenerator(seed: 1))
        let service = ServiceChecks(try Services.key(), checks: [try Services.tcp(1)])
        _ = machine.servicesChanged(to: [service], presumedUp: [], at: .zero)
        let began = machine.timePassed(to: .seconds(1))
        let number = try #require(began.runs.first)
        #expect(began == [.run(try Services.tcp(1).kind, number: number)])
        #expect(
            machine.servicesChanged(to: [], presumedUp: [], at: .seconds(1))
                == [.cancel(number: number)]
        )
        #expect(machine.runEnded(number, failure: nil, at: .seconds(1)).isEmpty)
        #expect(machine.deadline == nil)
        #expect(machine.verdicts(at: .seconds(1)).isEmpty)
    }

    @Test func theSameSeedGivesTheSameSchedule() throws {
        func schedule() throws -> [Duration] {
            var machine = HealthMachine(generator: SeededGenerator(seed: 9))
            let timing = Services.timing(jitter: 0.1)
            let services = try ["a", "b", "c"].map {
                ServiceChecks(try Services.key($0), checks: [try Services.tcp(1, timing: timing)])
            }
            _ = machine.servicesChanged(to: services, presumedUp: [], at: .zero)
            var instants: [Duration] = []
            for _ in 0..<30 {
                let now = try #require(machine.deadline)
                instants.append(now)
                for number in machine.timePassed(to: now).runs {
                    _ = machine.runEnded(number, failure: nil, at: now)
                }
            }
            return instants
        }
        let instants = try schedule()
        #expect(try schedule() == instants)
        #expect(Set(instants).count == instants.count)
    }
}
