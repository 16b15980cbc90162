import Registry
import Testing

@testable import Daemon

/// Which services' endpoints are known: each that is new costs a read of the whole prefix.
@Suite struct WantedServicesTests {
    private let web: ServiceName
    private let db: ServiceName

    init() throws {
        web = try #require(ServiceName(declared: "web"))
        db = try #require(ServiceName(declared: "db"))
    }

    @Test func `what is polled for is read once`() {
        var machine = WantedServicesMachine(outputs: .only([web]))
        let both = ServiceSelection.only([web, db])
        #expect(machine.waitBegan(for: db, at: .zero) == [.select(both)])
        for second in 1...100 {
            let now = Duration.seconds(second)
            #expect(machine.timePassed(to: now).isEmpty)
            #expect(machine.waitEnded(for: db, at: now).isEmpty)
            #expect(machine.waitBegan(for: db, at: now).isEmpty)
        }
        #expect(machine.waitEnded(for: db, at: .seconds(101)).isEmpty)
        #expect(machine.deadline == .seconds(161))
        #expect(machine.timePassed(to: .seconds(160)).isEmpty)
        #expect(machine.timePassed(to: .seconds(161)) == [.select(.only([web]))])
        #expect(machine.deadline == nil)
    }

    @Test func `who waits for what an output shows changes nothing`() {
        var machine = WantedServicesMachine(outputs: .all)
        #expect(machine.waitBegan(for: db, at: .zero).isEmpty)
        #expect(machine.waitEnded(for: db, at: .seconds(1)).isEmpty)
        #expect(machine.timePassed(to: .seconds(100)).isEmpty)
    }

    @Test func `a thousand that wait for another service each have it read once a second`() throws {
        var machine = WantedServicesMachine(outputs: .only([web]))
        var selections = 0
        for number in 0..<1000 {
            let now = Duration.milliseconds(number)
            let name = try #require(ServiceName(declared: "s\(number)"))
            selections += machine.waitBegan(for: name, at: now).count
            selections += machine.waitEnded(for: name, at: now).count
        }
        #expect(selections == 1)
        #expect(machine.deadline == .seconds(1))
        let actions = machine.timePassed(to: .seconds(1))
        let last = try (1000 - WantedServicesMachine.mostLingering..<1000).map {
            try #require(ServiceName(declared: "s\($0)"))
        }
        #expect(actions == [.select(.only(Set(last + [web])))])
    }

    @Test func `other outputs are selected at once`() {
        var machine = WantedServicesMachine(outputs: .only([web]))
        _ = machine.waitBegan(for: db, at: .zero)
        #expect(machine.outputsChanged(to: .all, at: .milliseconds(1)) == [.select(.all)])
    }
}
