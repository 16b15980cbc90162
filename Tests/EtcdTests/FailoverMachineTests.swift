import Registry
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
        #expect(machine.attemptFailed() == .tryNext(endpoints[1]))
        #expect(machine.attemptFailed() == .tryNext(endpoints[2]))
    }

    @Test func aPassWithoutSuccessEndsInADelayUnderTheCap() {
        var machine = machine()
        for pass in 0..<30 {
            _ = machine.attemptFailed()
            _ = machine.attemptFailed()
            guard case .wait(let delay, let endpoint) = machine.attemptFailed() else {
                Issue.record("pass \(pass) did not end in a delay")
                return
            }
            #expect(delay >= .zero && delay <= .seconds(5))
            #expect(endpoint == endpoints[0])
        }
    }

    @Test func aConnectionThatServedIsFollowedByTheNextEndpointAtOnce() {
        var machine = machine()
        #expect(machine.connectionLost(age: .seconds(60)) == .tryNext(endpoints[1]))
    }

    @Test func aServerThatHangsUpAtOnceIsNotCalledInATightLoop() {
        var machine = machine(endpoints: [endpoints[0]])
        guard case .wait = machine.connectionLost(age: .milliseconds(3)) else {
            Issue.record("no delay")
            return
        }
    }

    private func machine(endpoints: [EtcdEndpoint]? = nil) -> FailoverMachine {
        FailoverMachine(
            endpoints: endpoints ?? self.endpoints,
            first: 0,
            backoff: Backoff(
                .init(base: .milliseconds(250), cap: .seconds(5)),
                generator: SeededGenerator(seed: 7)
            )
        )
    }
}
