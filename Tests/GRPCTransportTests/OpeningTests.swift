import GRPCCore
import Machines
import Synchronization
import TestKit
import Testing
import Texts

@testable import GRPCTransport

/// Connections that are being made.
@Suite(.timeLimit(.minutes(1))) struct OpeningTests {
    private static let settings = RawFrame(type: RawFrame.settings).bytes

    private func refusal(
        _ script: @escaping ScriptedServer.Script,
        within limit: Duration = .seconds(10)
    ) async throws -> String {
        try await ScriptedServer.with(script) { server in
            do {
                _ = try await openConnection(to: server, within: limit)
                return "opened"
            } catch {
                return name(error)
            }
        }
    }

    @Test func aServerThatAcceptsAndSaysNothingIsLeftAtTheDeadline() async throws {
        #expect(try await refusal({ _ in [] }, within: .milliseconds(300)) == "timedOut")
    }

    @Test func aServerThatStopsWithinItsFirstFrameIsLeftAtTheDeadline() async throws {
        let half = Array(Self.settings.prefix(5))
        let script: ScriptedServer.Script = { if case .accepted = $0 { [half] } else { [] } }
        #expect(try await refusal(script, within: .milliseconds(300)) == "timedOut")
    }

    @Test func aPortWhereNobodyListensRefuses() async throws {
        try await ScriptedServer.with({ _ in [] }) { server in
            try await server.stopListening()
            await #expect(throws: ConnectionError.self) { try await openConnection(to: server) }
        }
    }

    @Test func aServerThatSpeaksTLSIsToldFromOneThatDoesNot() async throws {
        // An alert of TLS.
        #expect(try await refusal { _ in [[21, 3, 1, 0, 2, 2, 70]] } == "speaksTLS")
        #expect(
            try await refusal { _ in [Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)] } == "http2"
        )
    }

    @Test func aServerThatHangsUpWithoutAWordIsSaidSo() async throws {
        try await ScriptedServer.with({ _ in [] }) { server in
            let opening = Task { try await openConnection(to: server) }
            try await eventually("it is connected") { !server.received.all.isEmpty }
            server.hangUp()
            await #expect(throws: ConnectionError.self) { try await opening.value }
        }
    }

    @Test func anAttemptThatIsCancelledEndsAtOnce() async throws {
        try await ScriptedServer.with({ _ in [] }) { server in
            let opening = Task { try await openConnection(to: server, within: .seconds(3600)) }
            try await eventually("it is connected") { !server.received.all.isEmpty }
            opening.cancel()
            await #expect(throws: CancellationError.self) { try await opening.value }
        }
    }

    @Test func anAttemptThatIsCancelledBeforeItBeginsLeavesNothing() async throws {
        try await ScriptedServer.with({ _ in [Self.settings] }) { server in
            let opening = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await openConnection(to: server)
            }
            opening.cancel()
            await #expect(throws: CancellationError.self) { try await opening.value }
        }
    }

    @Test func addressesTakeTurnsBetweenTheFamilies() throws {
        let addresses = ["::1", "::2", "::3", "10.0.0.1", "10.0.0.2"].compactMap(HostAddress.init)
        let turns = GRPCConnection.interleaved(addresses).map(\.text)
        #expect(turns == ["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"])
        #expect(GRPCConnection.interleaved([]).isEmpty)
    }

    @Test func anAddressThatSaysNothingIsOvertakenByTheNext() async throws {
        try await ScriptedServer.with({ _ in [] }) { silent in
            try await ScriptedServer.with({ _ in [Self.settings] }) { good in
                let began = ContinuousClock.now
                let addresses = try ["127.0.0.1", "127.0.0.2"].map { try #require(HostAddress($0)) }
                let connection = try await GRPCConnection.race(addresses) { address in
                    let server = address == addresses[0] ? silent : good
                    return try await openConnection(to: server, within: .seconds(30))
                }
                connection.close()
                // The first has a quarter of a second alone.
                #expect(began.duration(to: .now) >= .milliseconds(250))
            }
        }
    }

    @Test func whereEveryAddressFailsTheLastFailureIsSaid() async throws {
        let addresses = try ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map {
            try #require(HostAddress($0))
        }
        do {
            _ = try await GRPCConnection.race(addresses) { address in
                throw ConnectionError.nameUnknown(address.text, "")
            }
            Issue.record("it opened")
        } catch ConnectionError.nameUnknown(let address, _) {
            #expect(address == "127.0.0.3")
        }
    }

    /// Whatever a server says, the connection and its calls end, and nothing traps.
    @Test func noBytesOfAServerTrapOrHang() async throws {
        let seed: UInt64 = 2026
        let good =
            Self.settings + RawFrame.whole([1, 2, 3], on: 1).bytes
            + RawFrame.goAway(last: 1, code: 0, "bye").bytes
        let corpus: [[UInt8]] = [
            good,
            Self.settings + RawFrame.windowUpdate(0, by: 1).bytes
                + RawFrame.windowUpdate(1, by: 9).bytes,
            Self.settings + RawFrame.reset(1, code: 2).bytes + RawFrame.trailers("0", on: 1).bytes,
            Self.settings
                + RawFrame(type: RawFrame.ping, payload: Array(repeating: 0, count: 8)).bytes,
            Self.settings
                + [RawFrame.answer(on: 1), .message([9], on: 1), .trailers("2", "x", on: 1)].bytes,
        ]
        var mutator = Mutator(seed: seed, corpus: corpus)
        let inputs = (0..<Fuzzing.inputs(usually: 300)).map { _ in mutator.next() }
        await withTaskGroup(of: (Int, Bool).self) { group in
            func begin(_ number: Int) {
                // Before the first request, or as its answer.
                let isEarly = number.isMultiple(of: 3)
                group.addTask { (number, await ends(inputs[number], isEarly: isEarly)) }
            }
            for number in inputs.indices.prefix(16) { begin(number) }
            var begun = min(16, inputs.count)
            for await (number, isOver) in group {
                #expect(isOver, "seed \(seed), input \(number) hangs: \(inputs[number])")
                guard begun < inputs.count else { continue }
                begin(begun)
                begun += 1
            }
        }
    }

    private func ends(_ input: [UInt8], isEarly: Bool) async -> Bool {
        let isAnswered = Atomic(false)
        let script: ScriptedServer.Script = { event in
            switch event {
            case .accepted: return isEarly ? [input] : [Self.settings]
            case .frame(let frame) where frame.type == RawFrame.data && !isEarly:
                guard !isAnswered.exchange(true, ordering: .relaxed) else { return [] }
                return [Array(input.dropFirst(Self.settings.count))]
            default: return []
            }
        }
        return
            (try? await Machines.within(.seconds(20)) {
                _ = try? await ScriptedServer.with(script) { server in
                    try await withConnection(to: server, within: .milliseconds(200)) {
                        try await $1.ask([1], timeout: .milliseconds(200))
                    }
                }
                return true
            }) != nil
    }
}
