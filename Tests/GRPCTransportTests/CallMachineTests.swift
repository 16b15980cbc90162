import GRPCCore
import NIOCore
import NIOHPACK
import NIOHTTP2
import Testing

@testable import GRPCTransport

/// What frames mean for a call.
@Suite struct CallMachineTests {
    private static let window = 1000
    private static let answer: HPACKHeaders = [
        ":status": "200", "content-type": "application/grpc",
    ]

    private func framed(_ count: Int) -> ByteBuffer {
        MessageDeframer.frame(MessageBytes(repeating: 7, count: count))
    }

    private func receiving() -> CallMachine {
        var machine = CallMachine(limit: 10_000, window: Self.window)
        let effects = machine.headersReceived(Self.answer, isLast: false)
        #expect(effects == CallMachine.Effects())
        guard case .part(.metadata, 0) = machine.take() else {
            Issue.record("the fields come first")
            return machine
        }
        return machine
    }

    @Test func nothingIsGivenBackForAMessageThatNobodyReads() {
        var machine = receiving()
        let effects = machine.dataReceived(framed(600), flowControlled: 605, isLast: false)
        #expect(effects.increment == 0)
        guard case .part(.message(let message), let increment) = machine.take() else {
            Issue.record("no message")
            return
        }
        #expect(message.count == 600)
        #expect(increment == 605)
    }

    @Test func aMessageLargerThanTheWindowComesIn() {
        var machine = receiving()
        var rest = framed(5000)
        var window = Self.window
        while rest.readableBytes > 0,
            let piece = rest.readSlice(length: min(100, rest.readableBytes))
        {
            window -= piece.readableBytes
            #expect(window >= 0)
            window +=
                machine.dataReceived(piece, flowControlled: piece.readableBytes, isLast: false)
                .increment
        }
        guard case .part(.message(let message), _) = machine.take() else {
            Issue.record("no message")
            return
        }
        #expect(message.count == 5000)
    }

    @Test func paddingAloneIsGivenBack() {
        var machine = receiving()
        let effects = machine.dataReceived(ByteBuffer(), flowControlled: 500, isLast: false)
        #expect(effects == CallMachine.Effects(increment: 500))
    }

    @Test func whatCameBeforeTheConnectionEndedIsRead() {
        var machine = receiving()
        _ = machine.dataReceived(framed(1), flowControlled: 6, isLast: false)
        machine.fail(RPCError(code: .unavailable, message: "gone"))
        guard case .part(.message, 0) = machine.take() else {
            Issue.record("no message")
            return
        }
        guard case .failure(let error) = machine.take() else {
            Issue.record("no failure")
            return
        }
        #expect(error.code == .unavailable)
    }

    @Test func nothingIsReadOfACallThatWasGivenUp() {
        var machine = receiving()
        _ = machine.dataReceived(framed(1), flowControlled: 6, isLast: false)
        let isNews = machine.cancelled()
        let isNewsAgain = machine.cancelled()
        #expect(isNews)
        #expect(!isNewsAgain)
        guard case .failure(let error) = machine.take() else {
            Issue.record("no failure")
            return
        }
        #expect(error.cause is CancellationError)
    }

    @Test func anAnswerThatCameAndWasNotReadIsNotTakenForAShorterOne() {
        var machine = receiving()
        _ = machine.dataReceived(framed(1), flowControlled: 6, isLast: false)
        _ = machine.headersReceived(["grpc-status": "0"], isLast: true)
        let mustTell = machine.cancelled()
        #expect(!mustTell)
        guard case .failure(let error) = machine.take() else {
            Issue.record("no failure")
            return
        }
        #expect(error.code == .cancelled)
    }

    @Test func aStatusThatIsNotTheLastWordEndsTheStream() {
        var machine = receiving()
        let trailers = machine.headersReceived(["grpc-status": "0"], isLast: false)
        #expect(trailers.reset == .cancel)
        var other = CallMachine(limit: 10, window: Self.window)
        let page = other.headersReceived(
            [":status": "502", "content-type": "text/html"],
            isLast: false
        )
        #expect(page.reset == .cancel)
        #expect(other.isOver)
    }

    @Test func emptyMessagesThatNobodyReadsFillTheWindow() {
        var machine = receiving()
        var window = Self.window
        for _ in 0..<(Self.window / MessageDeframer.prefixLength) {
            window -= MessageDeframer.prefixLength
            window +=
                machine.dataReceived(
                    framed(0),
                    flowControlled: MessageDeframer.prefixLength,
                    isLast: false
                ).increment
        }
        #expect(window < MessageDeframer.prefixLength)
    }

    @Test func piecesThatAlwaysEndWithinAMessageLeaveNothingBehind() throws {
        var deframer = MessageDeframer(limit: 10_000)
        var held: [MessageBytes] = []
        var stream = ByteBuffer()
        for _ in 0..<2000 { stream.writeImmutableBuffer(framed(1000)) }
        // Of a length that a message's is no part of.
        while let piece = stream.readSlice(length: min(1507, stream.readableBytes)),
            piece.readableBytes > 0
        {
            deframer.append(piece)
            while let message = try deframer.next() { held.append(message) }
            #expect(deframer.buffer.capacity <= 16 * 1024)
        }
        #expect(held.count == 2000)
        #expect(held.allSatisfy { $0.count == 1000 })
    }

    @Test func dataBeforeTheFieldsOfTheAnswerEndsTheCall() {
        var machine = CallMachine(limit: 10, window: Self.window)
        let effects = machine.dataReceived(framed(1), flowControlled: 6, isLast: false)
        #expect(effects.reset == .cancel)
        #expect(machine.isOver)
    }

    @Test(arguments: [
        ("plain", "plain"), ("a%20b", "a b"), ("%", "%"), ("%4", "%4"), ("%zz", "%zz"),
        ("%E2%82%AC", "€"), ("%ff", "\u{fffd}"), ("%+1", "%+1"),
    ])
    func wordsOfAServerAreDecoded(text: String, decoded: String) {
        #expect(CallHeaders.percentDecoded(text) == decoded)
    }

    @Test func secretsAreKeptInNoTable() {
        let fields = CallHeaders.request(
            MethodDescriptor(fullyQualifiedService: "s.S", method: "M"),
            scheme: "https",
            authority: "etcd.example",
            metadata: ["token": "secret", "Grpc-Timeout": "5S", "hasleader": "true"]
        )
        #expect(fields.first(name: ":path") == "/s.S/M")
        #expect(fields.first(name: "te") == "trailers")
        let indexing = fields.reduce(into: [:]) { $0[$1.name] = $1.indexable }
        #expect(indexing["token"] == .neverIndexed)
        #expect(indexing["grpc-timeout"] == .nonIndexable)
        #expect(indexing["hasleader"] == .indexable)
    }

    @Test func aServerIsAskedAfterSilenceAndGivenUpWithoutAnAnswer() {
        var machine = KeepaliveMachine(interval: .seconds(6), timeout: .seconds(2), now: .zero)
        var next: KeepaliveMachine.Action
        // Without a call etcd allows no ping.
        next = machine.timerFired(now: .seconds(6), hasCalls: false)
        #expect(next == .wait(until: .seconds(12)))
        machine.heard(now: .seconds(10))
        next = machine.timerFired(now: .seconds(12), hasCalls: true)
        #expect(next == .wait(until: .seconds(16)))
        next = machine.timerFired(now: .seconds(16), hasCalls: true)
        #expect(next == .ping(until: .seconds(18)))
        machine.heard(now: .seconds(17))
        next = machine.timerFired(now: .seconds(18), hasCalls: true)
        #expect(next == .wait(until: .seconds(23)))
        next = machine.timerFired(now: .seconds(23), hasCalls: true)
        #expect(next == .ping(until: .seconds(25)))
        next = machine.timerFired(now: .seconds(25), hasCalls: true)
        #expect(next == .giveUp)
    }
}
