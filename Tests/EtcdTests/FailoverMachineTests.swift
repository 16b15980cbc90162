import Machines
import Testing

@testable import Etcd

@Suite struct FailoverMachineTests {
    private let endpoints: [EtcdEndpoint]

    init() throws {
        endpoints = try ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map { try EtcdEndpoint($0) }
    }

    @Test func aFailedEndpointIsFollowedByTheNextAtOnce() {
        var machine = machine()
        #expect(machine.endpoint == endpoints[0])
        #expect(asked(machine.attemptFailed(at: .zero)) == endpoints[1])
        #expect(asked(machine.attemptFailed(at: .zero)) == endpoints[2])
    }

    @Test func aPassWithoutSuccessEndsInADelayUnderTheCap() throws {
        var machine = machine()
        for pass in 0..<30 {
            _ = machine.attemptFailed(at: .zero)
            _ = machine.attemptFailed(at: .zero)
            let delay = try #require(pause(machine.attemptFailed(at: .zero)), "pass \(pass)")
            #expect(delay >= .zero && delay <= .seconds(5))
            #expect(machine.attemptFailed(at: .zero) == [])
            #expect(asked(machine.timePassed(to: delay)) == endpoints[0])
        }
    }

    @Test func whoeverStartsBeforeEtcdFindsItWithinASecondOfItsComing() throws {
        var machine = machine(endpoints: [endpoints[0]])
        for _ in 0..<100 {
            let delay = try #require(pause(machine.attemptFailed(at: .zero)))
            #expect(delay <= .seconds(1))
            _ = machine.timePassed(to: delay)
        }
        // One that had served is a fleet's, and comes back more slowly.
        _ = machine.connected(at: .zero)
        _ = machine.connectionLost(at: .seconds(60))
        let delays = (0..<100).compactMap { _ in
            let delay = pause(machine.attemptFailed(at: .zero))
            _ = machine.timePassed(to: .seconds(60))
            return delay
        }
        #expect(delays.contains { $0 > .seconds(1) })
    }

    @Test func aConnectionThatServedIsFollowedByTheNextEndpointAtOnce() {
        var machine = machine()
        #expect(asked(lost(&machine, after: .seconds(60))) == endpoints[1])
    }

    @Test(arguments: [0, 1, 2, 4095])
    func theListedOrderBeginsWithTheFirstWhateverIsDrawn(first: Int) {
        var machine = machine(order: .listed, first: first)
        #expect(machine.endpoint == endpoints[0])
        #expect(asked(machine.attemptFailed(at: .zero)) == endpoints[1])
        #expect(asked(machine.attemptFailed(at: .zero)) == endpoints[2])
        #expect(pause(machine.attemptFailed(at: .zero)) != nil && machine.endpoint == endpoints[0])
    }

    @Test func inTheListedOrderALossIsFollowedByTheFirstAndWhatWasLostComesLast() {
        var machine = machine(order: .listed)
        _ = machine.attemptFailed(at: .zero)
        // The first is back, and a connection to the second is lost.
        #expect(asked(lost(&machine, after: .seconds(60))) == endpoints[0])
        #expect(asked(machine.attemptFailed(at: .zero)) == endpoints[2])
        #expect(asked(machine.attemptFailed(at: .zero)) == endpoints[1])
        // One that hangs up at once is followed by the first as well.
        #expect(asked(lost(&machine, after: .zero)) == endpoints[0])
    }

    @Test func inTheRandomOrderTheFirstIsDrawnAndTheOthersFollowRoundTheList() {
        var machine = machine(first: 2)
        #expect(machine.endpoint == endpoints[2])
        #expect(asked(machine.attemptFailed(at: .zero)) == endpoints[0])
        #expect(asked(machine.attemptFailed(at: .zero)) == endpoints[1])
        #expect(pause(machine.attemptFailed(at: .zero)) != nil && machine.endpoint == endpoints[2])
    }

    @Test(arguments: EtcdClient.EndpointOrder.allCases)
    func everyPassAsksEveryEndpointOnce(order: EtcdClient.EndpointOrder) {
        var random = SeededGenerator(seed: 2026)
        for seed in 0..<50 as Range<UInt64> {
            var machine = machine(order: order, first: Int(seed), seed: seed)
            var asked = [machine.endpoint]
            for _ in 0..<60 {
                if Int.random(in: 0..<4, using: &random) == 0 {
                    asked = []
                    _ = lost(&machine, after: .seconds(60))
                } else if pause(machine.attemptFailed(at: .zero)) != nil {
                    #expect(Set(asked) == Set(endpoints) && asked.count == endpoints.count)
                    asked = []
                    _ = machine.timePassed(to: .seconds(60))
                }
                asked.append(machine.endpoint)
            }
        }
    }

    @Test func aServerThatHangsUpAtOnceIsNotCalledInATightLoop() {
        var machine = machine(endpoints: [endpoints[0]])
        #expect(pause(lost(&machine, after: .milliseconds(3))) != nil)
    }

    @Test func serversThatAllHangUpAtOnceAreNotCalledInATightLoop() {
        var machine = machine()
        var delays = 0
        for _ in 0..<30 {
            if pause(lost(&machine, after: .milliseconds(3))) != nil {
                delays += 1
                _ = machine.timePassed(to: .seconds(60))
            }
        }
        #expect(delays == 10)
    }

    @Test func whatFailedBeforeAConnectionDoesNotCountAfterIt() {
        var machine = machine()
        _ = machine.attemptFailed(at: .zero)
        _ = machine.attemptFailed(at: .zero)
        #expect(asked(lost(&machine, after: .milliseconds(60))) == endpoints[0])
    }

    @Test func aPassOverAllEndpointsTakesNoLongerThanTheDialTimeout() throws {
        let five = try (1...5).map { try EtcdEndpoint("10.0.0.\($0)") }
        var machine = unstarted(endpoints: five)
        var now = Duration.seconds(100)
        var actions = machine.started(at: now)
        for _ in five {
            let limit = try #require(bound(actions))
            #expect(limit <= .seconds(2))
            now += limit
            actions = machine.attemptFailed(at: now)
        }
        #expect(now - .seconds(100) <= .seconds(5))
    }

    @Test func whatAnEndpointThatRefusesAtOnceDoesNotTakeIsLeftToTheOthers() throws {
        let five = try (1...5).map { try EtcdEndpoint("10.0.0.\($0)") }
        var machine = unstarted(endpoints: five)
        var limits: [Duration] = []
        var actions = machine.started(at: .zero)
        for _ in five {
            limits.append(try #require(bound(actions)))
            actions = machine.attemptFailed(at: .zero)
        }
        #expect(limits.first == .seconds(1) && limits.last == .seconds(2))
    }

    @Test func whoeverFindsAnotherMemberInTheFirstPassWaitsForNothing() {
        var machine = machine()
        _ = lost(&machine, after: .seconds(60))
        _ = machine.attemptFailed(at: .seconds(62))
        _ = machine.connected(at: .seconds(64))
        #expect(machine.turn == .seconds(64) && machine.urgentTurn == .seconds(64))
    }

    @Test func theWaitForATurnIsNoLongerThanTheAbsence() {
        for seed in 0..<200 as Range<UInt64> {
            var machine = machine(endpoints: [endpoints[0]], seed: seed)
            _ = machine.attemptFailed(at: .seconds(10))
            _ = machine.timePassed(to: .seconds(12))
            _ = machine.connected(at: .seconds(12))
            #expect((.seconds(12) ... .seconds(14)).contains(machine.turn))
            #expect((.seconds(12) ... .seconds(13)).contains(machine.urgentTurn))
            #expect(machine.urgentTurn <= machine.turn)
        }
    }

    /// A fleet whose etcd was away: everybody fails and tries again by the machine alone, with the
    /// policies of the product. What is looked at is when they come.
    @Test(arguments: [20, 60, 600])
    func aThousandHostsComeBackInTimeForTheirLeasesAndSpreadWhatIsDear(away: Int) throws {
        let policy = EtcdClient.Configuration(seed: 0)
        let back = Duration.seconds(away)
        var connects: [Duration] = []
        var turns: [Duration] = []
        for seed in 0..<1000 as Range<UInt64> {
            var machine = FailoverMachine(
                endpoints: endpoints,
                first: Int(seed),
                reconnect: policy.reconnect,
                limits: FailoverMachine.Limits(policy),
                generator: SeededGenerator(seed: seed)
            )
            // The connection breaks for all of them at once; a refused attempt takes no time.
            let broken = Duration.seconds(3600)
            _ = machine.started(at: .zero)
            _ = machine.connected(at: .zero)
            _ = machine.connectionLost(at: broken)
            var now = broken
            while now < broken + back {
                if let due = machine.deadline {
                    now = due
                    _ = machine.timePassed(to: now)
                } else {
                    _ = machine.attemptFailed(at: now)
                }
            }
            connects.append(now - broken - back)
            _ = machine.connected(at: now)
            turns.append(machine.turn - broken - back)
        }
        // Well within the shortest default time to live, 10 s, that etcd gives every lease anew.
        #expect(try #require(connects.max()) <= .seconds(5))
        let (first, last) = (try #require(turns.min()), try #require(turns.max()))
        #expect(last - first >= .seconds(10))
        #expect(last <= .seconds(17))
        for second in 0..<17 {
            let window = Duration.seconds(second)..<Duration.seconds(second + 1)
            #expect(turns.count(where: window.contains) < 150, "second \(second)")
        }
    }

    @Test func eachStateTakesItsOwnEventsOnly() {
        var machine = unstarted()
        #expect(machine.attemptFailed(at: .zero) == [] && machine.connectionLost(at: .zero) == [])
        #expect(asked(machine.started(at: .zero)) == endpoints[0])
        #expect(machine.started(at: .zero) == [] && machine.deadline == nil)
        _ = machine.connected(at: .seconds(1))
        #expect(machine.state == .connected(since: .seconds(1)))
        #expect(machine.attemptFailed(at: .seconds(2)) == [])
        #expect(machine.timePassed(to: .seconds(3)) == [])
    }

    // MARK: short ways

    /// The endpoint that is tried, when nothing else is done.
    private func asked(_ actions: [FailoverMachine.Action]) -> EtcdEndpoint? {
        if case .attempt(let endpoint, _)? = actions.first, actions.count == 1 {
            endpoint
        } else {
            nil
        }
    }

    /// The endpoint serves, and the connection ends after so long.
    private func lost(
        _ machine: inout FailoverMachine,
        after age: Duration
    ) -> [FailoverMachine.Action] {
        _ = machine.connected(at: .zero)
        return machine.connectionLost(at: age)
    }

    private func pause(_ actions: [FailoverMachine.Action]) -> Duration? {
        if case .reportAllFailed(let delay)? = actions.first, actions.count == 1 {
            delay
        } else {
            nil
        }
    }

    private func bound(_ actions: [FailoverMachine.Action]) -> Duration? {
        if case .attempt(_, let limit)? = actions.first, actions.count == 1 { limit } else { nil }
    }

    private func machine(
        endpoints: [EtcdEndpoint]? = nil,
        order: EtcdClient.EndpointOrder = .random,
        first: Int = 0,
        seed: UInt64 = 7
    ) -> FailoverMachine {
        var machine = unstarted(endpoints: endpoints, order: order, first: first, seed: seed)
        _ = machine.started(at: .zero)
        return machine
    }

    private func unstarted(
        endpoints: [EtcdEndpoint]? = nil,
        order: EtcdClient.EndpointOrder = .random,
        first: Int = 0,
        seed: UInt64 = 7
    ) -> FailoverMachine {
        FailoverMachine(
            endpoints: endpoints ?? self.endpoints,
            order: order,
            first: first,
            reconnect: .init(base: .milliseconds(250), cap: .seconds(5)),
            limits: FailoverMachine.Limits(EtcdClient.Configuration(seed: 0)),
            generator: SeededGenerator(seed: seed)
        )
    }
}
