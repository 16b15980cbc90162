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
        #expect(machine.attemptFailed(at: .zero) == .tryNext(endpoints[1]))
        #expect(machine.attemptFailed(at: .zero) == .tryNext(endpoints[2]))
    }

    @Test func aPassWithoutSuccessEndsInADelayUnderTheCap() {
        var machine = machine()
        for pass in 0..<30 {
            _ = machine.attemptFailed(at: .zero)
            _ = machine.attemptFailed(at: .zero)
            guard case .wait(let delay, let endpoint) = machine.attemptFailed(at: .zero) else {
                Issue.record("pass \(pass) did not end in a delay")
                return
            }
            #expect(delay >= .zero && delay <= .seconds(5))
            #expect(endpoint == endpoints[0])
        }
    }

    @Test func whoeverStartsBeforeEtcdFindsItWithinASecondOfItsComing() {
        var machine = machine(endpoints: [endpoints[0]])
        for _ in 0..<100 {
            guard case .wait(let delay, _) = machine.attemptFailed(at: .zero) else {
                Issue.record("no delay")
                return
            }
            #expect(delay <= .seconds(1))
        }
        // One that had served is a fleet's, and comes back more slowly.
        _ = machine.connected(at: .zero)
        let delays = (0..<100).compactMap { _ in
            if case .wait(let delay, _) = machine.attemptFailed(at: .zero) { delay } else { nil }
        }
        #expect(delays.contains { $0 > .seconds(1) })
    }

    @Test func aConnectionThatServedIsFollowedByTheNextEndpointAtOnce() {
        var machine = machine()
        #expect(machine.connectionLost(age: .seconds(60), at: .zero) == .tryNext(endpoints[1]))
    }

    @Test(arguments: [0, 1, 2, 4095])
    func theListedOrderBeginsWithTheFirstWhateverIsDrawn(first: Int) {
        var machine = machine(order: .listed, first: first)
        #expect(machine.endpoint == endpoints[0])
        #expect(machine.attemptFailed(at: .zero) == .tryNext(endpoints[1]))
        #expect(machine.attemptFailed(at: .zero) == .tryNext(endpoints[2]))
        guard case .wait(_, let next) = machine.attemptFailed(at: .zero) else {
            Issue.record("no delay")
            return
        }
        #expect(next == endpoints[0])
    }

    @Test func inTheListedOrderALossIsFollowedByTheFirstAndWhatWasLostComesLast() {
        var machine = machine(order: .listed)
        _ = machine.attemptFailed(at: .zero)
        _ = machine.connected(at: .zero)
        // The first is back, and a connection to the second is lost.
        #expect(machine.connectionLost(age: .seconds(60), at: .zero) == .tryNext(endpoints[0]))
        #expect(machine.attemptFailed(at: .zero) == .tryNext(endpoints[2]))
        #expect(machine.attemptFailed(at: .zero) == .tryNext(endpoints[1]))
        _ = machine.connected(at: .zero)
        // One that hangs up at once is followed by the first as well.
        #expect(machine.connectionLost(age: .zero, at: .zero) == .tryNext(endpoints[0]))
    }

    @Test func inTheRandomOrderTheFirstIsDrawnAndTheOthersFollowRoundTheList() {
        var machine = machine(first: 2)
        #expect(machine.endpoint == endpoints[2])
        #expect(machine.attemptFailed(at: .zero) == .tryNext(endpoints[0]))
        #expect(machine.attemptFailed(at: .zero) == .tryNext(endpoints[1]))
        guard case .wait(_, let next) = machine.attemptFailed(at: .zero) else {
            Issue.record("no delay")
            return
        }
        #expect(next == endpoints[2])
    }

    @Test(arguments: EtcdClient.EndpointOrder.allCases)
    func everyPassAsksEveryEndpointOnce(order: EtcdClient.EndpointOrder) {
        var random = SeededGenerator(seed: 2026)
        for seed in 0..<50 as Range<UInt64> {
            var machine = machine(order: order, first: Int(seed), seed: seed)
            var asked = [machine.endpoint]
            for _ in 0..<60 {
                let next: FailoverMachine.OnFailure
                if Int.random(in: 0..<4, using: &random) == 0 {
                    _ = machine.connected(at: .zero)
                    asked = []
                    next = machine.connectionLost(age: .seconds(60), at: .zero)
                } else {
                    next = machine.attemptFailed(at: .zero)
                }
                if case .wait = next {
                    #expect(Set(asked) == Set(endpoints) && asked.count == endpoints.count)
                    asked = []
                }
                asked.append(machine.endpoint)
            }
        }
    }

    @Test func aServerThatHangsUpAtOnceIsNotCalledInATightLoop() {
        var machine = machine(endpoints: [endpoints[0]])
        guard case .wait = machine.connectionLost(age: .milliseconds(3), at: .zero) else {
            Issue.record("no delay")
            return
        }
    }

    @Test func serversThatAllHangUpAtOnceAreNotCalledInATightLoop() {
        var machine = machine()
        var delays = 0
        for _ in 0..<30 {
            _ = machine.attemptBegan(at: .zero)
            _ = machine.connected(at: .zero)
            let next = machine.connectionLost(age: .milliseconds(3), at: .zero)
            if case .wait = next { delays += 1 }
        }
        #expect(delays == 10)
    }

    @Test func whatFailedBeforeAConnectionDoesNotCountAfterIt() {
        var machine = machine()
        _ = machine.attemptFailed(at: .zero)
        _ = machine.attemptFailed(at: .zero)
        _ = machine.connected(at: .zero)
        let next = machine.connectionLost(age: .milliseconds(60), at: .milliseconds(60))
        #expect(next == .tryNext(endpoints[0]))
    }

    @Test func aPassOverAllEndpointsTakesNoLongerThanTheDialTimeout() throws {
        let five = try (1...5).map { try EtcdEndpoint("10.0.0.\($0)") }
        var machine = machine(endpoints: five)
        var now = Duration.seconds(100)
        for _ in five {
            let limit = machine.attemptBegan(at: now)
            #expect(limit <= .seconds(2))
            now += limit
            _ = machine.attemptFailed(at: now)
        }
        #expect(now - .seconds(100) <= .seconds(5))
    }

    @Test func whatAnEndpointThatRefusesAtOnceDoesNotTakeIsLeftToTheOthers() throws {
        let five = try (1...5).map { try EtcdEndpoint("10.0.0.\($0)") }
        var machine = machine(endpoints: five)
        var limits: [Duration] = []
        for _ in five {
            limits.append(machine.attemptBegan(at: .zero))
            _ = machine.attemptFailed(at: .zero)
        }
        #expect(limits.first == .seconds(1) && limits.last == .seconds(2))
    }

    @Test func whoeverFindsAnotherMemberInTheFirstPassWaitsForNothing() {
        var machine = machine()
        _ = machine.connectionLost(age: .seconds(60), at: .seconds(60))
        _ = machine.attemptFailed(at: .seconds(62))
        let wait = machine.connected(at: .seconds(64))
        #expect(wait == .zero)
    }

    @Test func theWaitForATurnIsNoLongerThanTheAbsence() {
        for seed in 0..<200 as Range<UInt64> {
            var machine = machine(endpoints: [endpoints[0]], seed: seed)
            _ = machine.attemptFailed(at: .seconds(10))
            let wait = machine.connected(at: .seconds(12))
            #expect(wait >= .zero && wait <= .seconds(2))
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
            var now = Duration.zero
            // The connection breaks for all of them at once; a refused attempt takes no time.
            var next = machine.connectionLost(age: .seconds(3600), at: now)
            while now < back {
                if case .wait(let delay, _) = next { now += delay }
                if now < back { next = machine.attemptFailed(at: now) }
            }
            connects.append(now - back)
            turns.append(now - back + machine.connected(at: now))
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

    private func machine(
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
