import Machines
import Testing

@testable import Etcd

@Suite struct TokenMachineTests {
    private static let refused = EtcdError(.unauthenticated, "wrong password")
    private static let away = EtcdError(.unavailable, "gone")

    @Test func oneLogsInAndTheOthersWait() {
        var machine = machine()
        #expect(word(machine.tokenWanted(on: 1, at: .zero)) == "authenticate")
        #expect(word(machine.tokenWanted(on: 1, at: .zero)) == "wait")
        machine.authenticated("t", on: 1)
        #expect(word(machine.tokenWanted(on: 1, at: .zero)) == "use t")
        #expect(word(machine.tokenWanted(on: 1, at: .seconds(3600))) == "use t")
    }

    @Test func aRefusedTokenIsReplacedAfterAPause() throws {
        var machine = machine()
        let token = try logIn(&machine, "t", at: .zero)
        machine.tokenRefused(token)
        let pause = try pause(machine.tokenWanted(on: 1, at: .seconds(1)))
        #expect((.seconds(2) ... .seconds(3)).contains(pause))
        #expect(word(machine.tokenWanted(on: 1, at: pause)) == "authenticate")
    }

    @Test func aTokenThatWasReplacedMeanwhileIsNotGivenUp() throws {
        var machine = machine()
        let first = try logIn(&machine, "one", at: .zero)
        machine.tokenRefused(first)
        _ = try logIn(&machine, "two", at: .seconds(10))
        machine.tokenRefused(first)
        #expect(word(machine.tokenWanted(on: 1, at: .seconds(10))) == "use two")
    }

    @Test func aTokenBelongsToItsConnection() throws {
        var machine = machine()
        _ = try logIn(&machine, "t", at: .zero)
        #expect(word(machine.tokenWanted(on: 2, at: .seconds(10))) == "authenticate")
        machine.authenticated("late", on: 1)
        #expect(word(machine.tokenWanted(on: 2, at: .seconds(10))) == "wait")
        machine.authenticated("new", on: 2)
        #expect(word(machine.tokenWanted(on: 2, at: .seconds(10))) == "use new")
        #expect(word(machine.tokenWanted(on: 1, at: .seconds(10))) == "refuse unavailable")
    }

    @Test func afterARefusalCallsFailWithItUntilThePauseIsOver() throws {
        var machine = machine()
        var now = Duration.zero
        for _ in 0..<50 {
            #expect(word(machine.tokenWanted(on: 1, at: now)) == "authenticate")
            machine.authenticationFailed(Self.refused, on: 1, at: now)
            #expect(word(machine.tokenWanted(on: 1, at: now)) == "refuse unauthenticated")
            // Another connection is no reason to try the same password sooner.
            #expect(machine.failure?.code == .unauthenticated)
            let begin = now
            while word(machine.tokenWanted(on: 1, at: now)) == "refuse unauthenticated" {
                now += .milliseconds(100)
                #expect(now - begin <= .seconds(31))
                guard now - begin < .seconds(60) else { return }
            }
            #expect(now - begin >= .seconds(2))
            // The loop's last question began a login; it fails as the one before.
            machine.authenticationFailed(Self.refused, on: 1, at: now)
            now += .seconds(31)
        }
    }

    @Test func aRefusalOutlivesItsConnection() {
        var machine = machine()
        _ = machine.tokenWanted(on: 1, at: .zero)
        machine.authenticationFailed(Self.refused, on: 1, at: .zero)
        #expect(word(machine.tokenWanted(on: 2, at: .seconds(1))) == "refuse unauthenticated")
    }

    @Test func aLostLoginIsTriedAgainAfterTheShortPause() throws {
        var machine = machine()
        for round in 0..<20 {
            let now = Duration.seconds(10 * round)
            #expect(word(machine.tokenWanted(on: 1, at: now)) == "authenticate")
            machine.authenticationFailed(Self.away, on: 1, at: now)
            #expect(machine.failure?.code == .unavailable)
            #expect(try pause(machine.tokenWanted(on: 1, at: now)) <= now + .seconds(3))
        }
    }

    @Test func aClusterWithoutUsersNeedsNoTokenUntilItGetsSome() {
        var machine = machine()
        _ = machine.tokenWanted(on: 1, at: .zero)
        machine.usersAreOff(on: 1)
        #expect(word(machine.tokenWanted(on: 1, at: .zero)) == "use nothing")
        machine.tokenRefused(nil)
        #expect(word(machine.tokenWanted(on: 1, at: .seconds(5))) == "authenticate")
    }

    private func machine() -> TokenMachine { TokenMachine(generator: SeededGenerator(seed: 7)) }

    private func logIn(
        _ machine: inout TokenMachine,
        _ text: String,
        at now: Duration
    ) throws -> TokenMachine.Token? {
        #expect(word(machine.tokenWanted(on: 1, at: now)) == "authenticate")
        machine.authenticated(text, on: 1)
        guard case .use(let token) = machine.tokenWanted(on: 1, at: now) else { return nil }
        return token
    }

    private func word(_ action: TokenMachine.OnTokenWanted) -> String {
        switch action {
        case .use(let token): "use \(token?.text ?? "nothing")"
        case .authenticate: "authenticate"
        case .wait: "wait"
        case .pause: "pause"
        case .refuse(let error): "refuse \(error.code)"
        }
    }

    private func pause(_ action: TokenMachine.OnTokenWanted) throws -> Duration {
        guard case .pause(let instant) = action else {
            throw EtcdError(.other, "not a pause but \(word(action))")
        }
        return instant
    }
}
