import Foundation
import Registry
import Testing

@testable import Daemon

@Suite struct DrainMachineTests {
    private let web: ServiceName
    private let wall = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws {
        web = try #require(ServiceName(declared: "web"))
    }

    @Test func aDrainIsAppliedAndKept() {
        var machine = DrainMachine()
        let saved = SavedDrain(service: web, since: wall, until: nil)
        #expect(
            machine.drainRequested(.service(web), for: nil, wall: wall, at: .zero) == [
                .apply(Drains(services: [web])), .save([saved], change: 1),
            ]
        )
        #expect(machine.deadline == nil)
    }

    @Test func aDrainWithAnEndEndsByItself() {
        var machine = DrainMachine()
        _ = machine.drainRequested(.host, for: .seconds(600), wall: wall, at: .seconds(5))
        #expect(machine.drains[.host]?.until == wall + 600)
        #expect(machine.deadline == .seconds(605))
        #expect(machine.timePassed(to: .seconds(604)).isEmpty)
        #expect(
            machine.timePassed(to: .seconds(605)) == [
                .apply(Drains()), .save([], change: 2), .reportEnd(.host),
            ]
        )
    }

    @Test func aSecondDrainMovesTheEndAndNotTheBeginning() {
        var machine = DrainMachine()
        _ = machine.drainRequested(.host, for: .seconds(10), wall: wall, at: .zero)
        _ = machine.drainRequested(.host, for: nil, wall: wall + 5, at: .seconds(5))
        #expect(machine.deadline == nil && machine.drains[.host]?.since == wall)
    }

    @Test func theNextRunGoesOnWithWhatIsLeftOfIt() {
        var machine = DrainMachine()
        let saved = [
            SavedDrain(service: web, since: wall, until: wall + 60),
            SavedDrain(service: nil, since: wall, until: wall + 10),
        ]
        let actions = machine.drainsFound(saved, wall: wall + 20, at: .seconds(1))
        #expect(
            actions == [.apply(Drains(services: [web])), .save([saved[0]], change: 1)]
        )
        #expect(machine.deadline == .seconds(41))
    }

    @Test func aClockThatWasSetBackMakesNoDrainLonger() {
        var machine = DrainMachine()
        let saved = [SavedDrain(service: nil, since: wall, until: wall + 60)]
        _ = machine.drainsFound(saved, wall: wall - 86400, at: .zero)
        #expect(machine.deadline == .seconds(60))
    }

    @Test func theEndForTheHostIsTheEndOfAll() {
        var machine = DrainMachine()
        _ = machine.drainRequested(.service(web), for: nil, wall: wall, at: .zero)
        _ = machine.drainRequested(.host, for: nil, wall: wall, at: .zero)
        #expect(machine.undrainRequested(.host).first == .apply(Drains()))
    }

    @Test func whatIsKeptIsReadAgainAndNothingElseIs() {
        let drains = [
            SavedDrain(service: web, since: wall, until: wall + 60),
            SavedDrain(service: nil, since: wall, until: nil),
        ]
        let bytes = SavedDrain.bytes(of: drains)
        #expect(SavedDrain.read(bytes) == drains)
        #expect(SavedDrain.read(Array(bytes.dropLast(3))) == nil)
        #expect(SavedDrain.read(Array(#"{"drains":[{"service":"a/b","since":1}]}"#.utf8)) == nil)
    }
}
