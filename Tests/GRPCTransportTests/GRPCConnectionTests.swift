import GRPCCore
import NIOCore
import NIOPosix
import Network
import Synchronization
import TestKit
import Testing
import Texts

@testable import GRPCTransport

/// Calls at a server that does what a script says.
@Suite(.timeLimit(.minutes(2))) struct GRPCConnectionTests {
    /// Ours, and the acknowledgement of the client's.
    private static let settings =
        RawFrame(type: RawFrame.settings).bytes
        + RawFrame(type: RawFrame.settings, flags: RawFrame.end).bytes

    /// Greets, and answers each whole request.
    private static func answering(
        _ answer: @escaping @Sendable (UInt32) -> [[UInt8]]
    ) -> ScriptedServer.Script {
        { event in
            switch event {
            case .accepted: [settings]
            case .frame(let frame):
                switch frame.type {
                case RawFrame.headers where frame.flags & RawFrame.end != 0: answer(frame.stream)
                case RawFrame.data where frame.flags & RawFrame.end != 0: answer(frame.stream)
                default: []
                }
            }
        }
    }

    private static func answering(_ answer: @escaping @Sendable (UInt32) -> [RawFrame])
        -> ScriptedServer.Script
    {
        answering { (stream: UInt32) -> [[UInt8]] in [answer(stream).bytes] }
    }

    // MARK: messages

    @Test func aRequestGoesOutInOnePieceAndItsAnswerIsRead() async throws {
        try await ScriptedServer.with(Self.answering { RawFrame.whole([7, 8], on: $0) }) { server in
            try await withConnection(to: server) { _, client in
                #expect(await answer { try await client.ask([1, 2, 3]) } == [7, 8])
                #expect(await answer { try await client.ask([]) } == [7, 8])
            }
            let requests = server.received.all.filter { $0.stream > 0 }
            #expect(requests.map(\.stream) == [1, 1, 3, 3])
            #expect(
                requests.map(\.type) == [
                    RawFrame.headers, RawFrame.data, RawFrame.headers, RawFrame.data,
                ]
            )
            #expect(requests[1].payload == [0, 0, 0, 0, 3, 1, 2, 3])
            #expect(requests[1].flags == RawFrame.end)
            #expect(requests[3].payload == [0, 0, 0, 0, 0])
        }
    }

    @Test func ourFirstFramesSayThatNothingIsPushed() async throws {
        try await ScriptedServer.with(Self.answering { RawFrame.whole([], on: $0) }) { server in
            _ = try await openConnection(to: server)
            try await eventually("SETTINGS") { !server.received.all.isEmpty }
            let first = server.received.all[0]
            #expect(first.type == RawFrame.settings)
            // SETTINGS_ENABLE_PUSH, 0; RFC 9113 §6.5.2.
            #expect(first.payload.starts(with: [0, 2, 0, 0, 0, 0]))
        }
    }

    @Test func anAnswerIsReadWhereverItsBytesAreCut() async throws {
        let message = Array(repeating: UInt8(9), count: 300)
        let script = Self.answering { (stream: UInt32) -> [[UInt8]] in
            RawFrame.whole(message, on: stream).bytes.map { [$0] }
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                #expect(await answer { try await client.ask([1]) } == message)
            }
        }
    }

    @Test func aMessageMayComeInManyFramesAndManyMessagesInOne() async throws {
        let script = Self.answering { stream in
            let message = RawFrame.message([1, 2, 3, 4], on: stream).payload
            let cut = message.map { RawFrame(type: RawFrame.data, stream: stream, payload: [$0]) }
            let merged = RawFrame(
                type: RawFrame.data,
                stream: stream,
                payload: message + [0, 0, 0, 0, 1, 5] + [0, 0, 0, 0, 0]
            )
            return [.answer(on: stream)] + cut + [merged, .trailers("0", on: stream)]
        }
        try await ScriptedServer.with(script) { server in
            let messages = try await withConnection(to: server) { _, client in
                try await client.talk({ _ in }) { response in
                    try await response.messages.reduce(into: []) { $0.append($1) }
                }
            }
            #expect(messages == [[1, 2, 3, 4], [1, 2, 3, 4], [5], []])
        }
    }

    @Test func paddingIsNoPartOfAMessage() async throws {
        let script = Self.answering { stream in
            let message = RawFrame.message([4, 2], on: stream).payload
            // PADDED, RFC 9113 §6.1.
            let padded = RawFrame(
                type: RawFrame.data,
                flags: 8,
                stream: stream,
                payload: [3] + message + [0, 0, 0]
            )
            return [.answer(on: stream), padded, .trailers("0", on: stream)]
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                #expect(await answer { try await client.ask([1]) } == [4, 2])
            }
        }
    }

    @Test func anAnswerThatIsTooLargeIsRefusedAndTheConnectionGoesOn() async throws {
        let script = Self.answering { stream in
            stream == 1
                ? [.answer(on: stream), .message(Array(repeating: 1, count: 101), on: stream)]
                : RawFrame.whole([2], on: stream)
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                let error = await failure { try await client.ask([1], limit: 100) }
                #expect(error?.code == .resourceExhausted)
                #expect(
                    error?.message
                        == "the server's message is too large: 101 bytes, the limit is 100"
                )
                #expect(await answer { try await client.ask([1], limit: 100) } == [2])
            }
            // CANCEL.
            #expect(server.received.all.contains(.reset(1, code: 8)))
        }
    }

    @Test func aRequestThatIsTooLargeIsNotSent() async throws {
        try await ScriptedServer.with(Self.answering { RawFrame.whole([2], on: $0) }) { server in
            try await withConnection(to: server) { _, client in
                var options = CallOptions.defaults
                options.maxRequestMessageBytes = 2
                let chosen = options
                let error = await failure {
                    try await client.unary(
                        request: ClientRequest(message: [1, 2, 3]),
                        descriptor: MethodDescriptor(fullyQualifiedService: "s", method: "m"),
                        serializer: BytesSerializer(),
                        deserializer: BytesDeserializer(),
                        options: chosen
                    ) { try $0.message }
                }
                #expect(error?.code == .resourceExhausted)
                #expect(await answer { try await client.ask([1]) } == [2])
            }
            #expect(server.received.all.filter { $0.type == RawFrame.data }.count == 1)
        }
    }

    // MARK: the server's status

    @Test func aRefusalWithoutAnAnswerIsReadWithItsWords() async throws {
        let script = Self.answering { stream in
            [
                .headers(
                    [
                        (":status", "200"), ("content-type", "application/grpc"),
                        ("grpc-status", "5"), ("grpc-message", "no such lease%3A %E2%82%AC"),
                    ],
                    on: stream,
                    isLast: true
                )
            ]
        }
        try await ScriptedServer.with(script) { server in
            let error = await failure {
                try await withConnection(to: server) { _, client in try await client.ask([1]) }
            }
            #expect(error?.code == .notFound)
            #expect(error?.message == "no such lease: €")
        }
    }

    @Test(arguments: [
        (401, RPCError.Code.unauthenticated), (403, .permissionDenied), (404, .unimplemented),
        (429, .unavailable), (502, .unavailable), (503, .unavailable), (504, .unavailable),
        (400, .internalError), (500, .unknown), (200, .unknown),
    ])
    func anAnswerThatIsNotGRPCIsSaidSo(status: Int, code: RPCError.Code) async throws {
        let script = Self.answering { stream in
            [
                .headers(
                    [(":status", "\(status)"), ("content-type", "text/html")],
                    on: stream,
                    isLast: true
                )
            ]
        }
        try await ScriptedServer.with(script) { server in
            let error = await failure {
                try await withConnection(to: server) { _, client in try await client.ask([1]) }
            }
            #expect(error?.code == code)
            #expect(
                error?.message
                    == "the server answered with HTTP status \(status) of type text/html, not with gRPC"
            )
        }
    }

    @Test func aPageOfAProxyThatDoesNotEndIsNotWaitedFor() async throws {
        let script = Self.answering { stream in
            stream == 1
                ? [
                    .headers([(":status", "502"), ("content-type", "text/html")], on: stream),
                    RawFrame(type: RawFrame.data, stream: stream, payload: Array("<html>".utf8)),
                ] : RawFrame.whole([2], on: stream)
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                let error = await failure { try await client.ask([1]) }
                #expect(error?.code == .unavailable)
                #expect(await answer { try await client.ask([1]) } == [2])
                try await eventually("the reset") {
                    server.received.all.contains(.reset(1, code: 8))
                }
            }
        }
    }

    @Test func informationalFieldsAreNotTheAnswer() async throws {
        let script = Self.answering { stream in
            [.headers([(":status", "103"), ("link", "x")], on: stream)]
                + RawFrame.whole([3], on: stream)
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                #expect(await answer { try await client.ask([1]) } == [3])
            }
        }
    }

    @Test func anAnswerThatEndsWithoutAStatusIsNoSuccess() async throws {
        let script = Self.answering { stream in
            [
                .answer(on: stream), .message([1], on: stream),
                RawFrame(type: RawFrame.data, flags: RawFrame.end, stream: stream),
            ]
        }
        try await ScriptedServer.with(script) { server in
            let error = await failure {
                try await withConnection(to: server) { _, client in try await client.ask([1]) }
            }
            #expect(error?.message == "the server ended the call without a status")
        }
    }

    @Test func anAnswerThatEndsWithinAMessageIsNoSuccess() async throws {
        let script = Self.answering { stream in
            [
                .answer(on: stream),
                RawFrame(type: RawFrame.data, stream: stream, payload: [0, 0, 0, 0, 9, 1]),
                .trailers("0", on: stream),
            ]
        }
        try await ScriptedServer.with(script) { server in
            let error = await failure {
                try await withConnection(to: server) { _, client in
                    try await client.talk({ _ in }) { response in
                        for try await _ in response.messages {}
                    }
                }
            }
            #expect(error?.message == "the server ended the call within a message")
        }
    }

    @Test func aCompressedMessageIsRefused() async throws {
        let script = Self.answering { stream in
            [
                .answer(on: stream),
                RawFrame(type: RawFrame.data, stream: stream, payload: [1, 0, 0, 0, 1, 1]),
            ]
        }
        try await ScriptedServer.with(script) { server in
            let error = await failure {
                try await withConnection(to: server) { _, client in try await client.ask([1]) }
            }
            #expect(error?.code == .internalError)
            #expect(error?.message.contains("compressed") == true)
        }
    }

    // MARK: the end of a stream, and of the connection

    @Test(arguments: 0...14 as ClosedRange<UInt32>)
    func aStreamThatTheServerResetsFailsItsCallAlone(code: UInt32) async throws {
        let script = Self.answering { stream in
            stream == 1 ? [.reset(stream, code: code)] : RawFrame.whole([2], on: stream)
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                let error = await failure { try await client.ask([1]) }
                #expect(error?.code == (code == 11 ? .resourceExhausted : .unavailable))
                #expect(error?.message.hasPrefix("the server reset the stream: ") == true)
                #expect(await answer { try await client.ask([1]) } == [2])
            }
        }
    }

    @Test func aGoAwayEndsTheConnectionWithItsReason() async throws {
        let script = Self.answering { stream in
            [.answer(on: stream), .goAway(last: stream, code: 11, "too_many_pings")]
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { connection, client in
                let error = await failure { try await client.ask([1]) }
                #expect(error?.code == .unavailable)
                #expect(await name(connection.ended()) == "goAway ENHANCE_YOUR_CALM too_many_pings")
                let later = await failure { try await client.ask([1]) }
                #expect(later?.code == .unavailable)
            }
        }
    }

    @Test func whatAServerWasAskedBeforeItGoesAwayIsAnswered() async throws {
        // A proxy that ends a connection after so many requests; the second question comes on stream 3.
        let script = Self.answering { stream in
            switch stream {
            case 1: []
            default:
                [.answer(on: 3), .goAway(last: 3, code: 0)] + RawFrame.whole([1], on: 1)
                    + [.message([3], on: 3), .trailers("0", on: 3)]
            }
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { connection, client in
                async let first = client.ask([1])
                try await eventually("the first question") {
                    server.received.all.contains { $0.type == RawFrame.data && $0.stream == 1 }
                }
                async let second = client.ask([1])
                #expect(await name(connection.ended()) == "goAway NO_ERROR ")
                let answers = try await [first, second]
                #expect(answers == [[1], [3]])
                let later = await failure { try await client.ask([1]) }
                #expect(later?.code == .unavailable)
            }
        }
    }

    @Test func whatWaitsForItsTurnIsNotSentToAServerThatGoesAway() async throws {
        // SETTINGS_MAX_CONCURRENT_STREAMS 1: the second question waits.
        let few =
            RawFrame(type: RawFrame.settings, payload: [0, 3, 0, 0, 0, 1]).bytes
            + RawFrame(type: RawFrame.settings, flags: RawFrame.end).bytes
        let script: ScriptedServer.Script = { if case .accepted = $0 { [few] } else { [] } }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { connection, client in
                async let first = client.ask([1])
                try await eventually("the first question") {
                    server.received.all.contains { $0.type == RawFrame.data && $0.stream == 1 }
                }
                async let second = failure { try await client.ask([1], timeout: nil) }
                try await eventually("the second waits on the connection") {
                    await withCheckedContinuation { asked in
                        connection.onLoop { asked.resume(returning: !$0.unsent.isEmpty) }
                    }
                }
                server.send(RawFrame.goAway(last: 0x7fff_ffff, code: 0).bytes)
                #expect(await second?.code == .unavailable)
                server.send(RawFrame.whole([5], on: 1).bytes)
                let answer = try await first
                #expect(answer == [5])
                #expect(await name(connection.ended()) == "goAway NO_ERROR ")
            }
            #expect(!server.received.all.contains { $0.stream == 3 && $0.type == RawFrame.headers })
        }
    }

    @Test func whatAServerThatGoesAwayHasNotSeenFailsAtOnce() async throws {
        let script = Self.answering { _ in [.goAway(last: 0, code: 0)] }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                let error = await failure { try await client.ask([1], timeout: nil) }
                #expect(error?.code == .unavailable)
            }
        }
    }

    @Test func aStreamOfAServerThatGoesAwayFailsAtOnce() async throws {
        let script = Self.answering { [.answer(on: $0), .goAway(last: $0, code: 0)] }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                let error = await failure {
                    try await client.talk({ _ in }) { for try await _ in $0.messages {} }
                }
                #expect(error?.code == .unavailable)
            }
        }
    }

    @Test func aServerThatHangsUpInTheMiddleOfAnAnswerIsNoticed() async throws {
        try await ScriptedServer.with(Self.answering { [.answer(on: $0)] }) { server in
            try await withConnection(to: server) { connection, client in
                let error = await failure {
                    try await client.talk({ _ in }) { response in
                        server.hangUp()
                        for try await _ in response.messages {}
                    }
                }
                #expect(error?.code == .unavailable)
                #expect(await name(connection.ended()) == "closedByServer")
            }
        }
    }

    @Test func aCallThatIsCancelledEndsAtOnceAndTheServerIsTold() async throws {
        try await ScriptedServer.with(Self.answering { _ in [] as [RawFrame] }) { server in
            try await withConnection(to: server) { _, client in
                let call = Task { try await client.ask([1], timeout: nil) }
                try await eventually("the request") {
                    server.received.all.contains { $0.type == RawFrame.data }
                }
                call.cancel()
                _ = await call.result
                try await eventually("the reset") {
                    server.received.all.contains(.reset(1, code: 8))
                }
            }
        }
    }

    @Test func aCallWithoutAnAnswerEndsAtItsDeadlineWhichTheServerWasTold() async throws {
        try await ScriptedServer.with(Self.answering { _ in [] as [RawFrame] }) { server in
            try await withConnection(to: server) { _, client in
                let error = await failure { try await client.ask([1], timeout: .seconds(2)) }
                #expect(error?.code == .deadlineExceeded)
                try await eventually("the reset") {
                    server.received.all.contains(.reset(1, code: 8))
                }
            }
        }
    }

    @Test func aReaderThatHasEnoughEndsTheStream() async throws {
        let script = Self.answering { stream in [.answer(on: stream), .message([1], on: stream)] }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                let first = try await client.talk({ _ in }) { response in
                    for try await message in response.messages { return message }
                    return []
                }
                #expect(first == [1])
                try await eventually("the reset") {
                    server.received.all.contains(.reset(1, code: 8))
                }
            }
        }
    }

    // MARK: flow control

    @Test func aWindowOfOneByteIsKeptTo() async throws {
        // SETTINGS_INITIAL_WINDOW_SIZE.
        let small = RawFrame(type: RawFrame.settings, payload: [0, 4, 0, 0, 0, 1]).bytes
        let script: ScriptedServer.Script = { event in
            switch event {
            case .accepted: return [small]
            case .frame(let frame) where frame.type == RawFrame.data:
                if frame.flags & RawFrame.end != 0 {
                    return [RawFrame.whole([2], on: frame.stream).bytes]
                }
                return [RawFrame.windowUpdate(frame.stream, by: 1).bytes]
            default: return []
            }
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                // Sent before the SETTINGS are known, the first request may be whole.
                _ = try await client.ask([1])
                #expect(await answer { try await client.ask([1, 2, 3]) } == [2])
            }
            let data = server.received.all.filter { $0.type == RawFrame.data && $0.stream == 3 }
            #expect(data.allSatisfy { $0.payload.count <= 1 })
            #expect(data.flatMap(\.payload) == [0, 0, 0, 0, 3, 1, 2, 3])
        }
    }

    @Test func aServerIsHeldBackWhileNobodyReads() async throws {
        let message = RawFrame.message(Array(repeating: 5, count: 16_000), on: 1)
        // One after the other, as far as the windows allow: RFC 9113 §5.2.
        let windows = Windows()
        let script: ScriptedServer.Script = { event in
            guard case .frame(let frame) = event else { return [Self.settings] }
            switch frame.type {
            case RawFrame.windowUpdate: windows.opened(frame)
            case RawFrame.headers: windows.begun()
            default: return []
            }
            let first = frame.type == RawFrame.headers ? [RawFrame.answer(on: 1)] : []
            let count = windows.take(message.payload.count)
            return [(first + Array(repeating: message, count: count)).bytes]
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                try await client.talk({ _ in }) { response in
                    var messages = response.messages.makeAsyncIterator()
                    _ = try await messages.next()
                    let window = GRPCConnection.streamWindow
                    try await eventually("the window is full") {
                        windows.sent > window - 2 * message.payload.count
                    }
                    let before = windows.sent
                    #expect(before <= window)
                    // Whoever reads again lets it go on.
                    for _ in 0..<400 { _ = try await messages.next() }
                    try await eventually("more was sent") { windows.sent > before }
                }
            }
        }
    }

    /// What a server may send on the connection and on its only stream.
    private final class Windows: Sendable {
        private let state = Mutex(
            (connection: 65_535, stream: 0, sent: 0)
        )

        func begun() { state.withLock { $0.stream = GRPCConnection.streamWindow } }

        /// In bytes.
        var sent: Int { state.withLock { $0.sent } }

        func opened(_ frame: RawFrame) {
            let increment = frame.payload.reduce(0) { $0 << 8 | Int($1) }
            state.withLock { state in
                if frame.stream == 0 {
                    state.connection += increment
                } else {
                    state.stream += increment
                }
            }
        }

        /// - Returns: How many messages of a size fit.
        func take(_ size: Int) -> Int {
            state.withLock { state in
                let count = min(state.connection, state.stream) / size
                state.connection -= count * size
                state.stream -= count * size
                state.sent += count * size
                return count
            }
        }
    }

    // MARK: keepalive and floods

    @Test func aServerThatAnswersNoPingIsGivenUp() async throws {
        try await ScriptedServer.with(Self.answering { _ in [] as [RawFrame] }) { server in
            let pings = (interval: Duration.milliseconds(200), timeout: Duration.milliseconds(200))
            try await withConnection(to: server, pings: pings) { connection, client in
                let error = await failure { try await client.ask([1], timeout: nil) }
                #expect(error?.code == .unavailable)
                #expect(await name(connection.ended()) == "pingTimedOut")
            }
            try await eventually("the server has the ping") {
                server.received.all.contains { $0.type == RawFrame.ping && $0.flags == 0 }
            }
        }
    }

    @Test func aQuietServerThatAnswersPingsIsKept() async throws {
        let pings = Recorder<Bool>()
        let script: ScriptedServer.Script = { event in
            switch event {
            case .accepted: return [Self.settings]
            case .frame(var frame) where frame.type == RawFrame.ping && frame.flags == 0:
                pings.record(true)
                frame.flags = RawFrame.end
                if pings.all.count == 2 { return [(RawFrame.whole([3], on: 1) + [frame]).bytes] }
                return [frame.bytes]
            default: return []
            }
        }
        try await ScriptedServer.with(script) { server in
            let times = (interval: Duration.milliseconds(100), timeout: Duration.seconds(10))
            try await withConnection(to: server, pings: times) { _, client in
                #expect(await answer { try await client.ask([1]) } == [3])
            }
        }
    }

    /// etcd sends one for about each message that it gets.
    @Test func thousandsOfPingsAreAnswered() async throws {
        let ping = RawFrame(type: RawFrame.ping, payload: [1, 2, 3, 4, 5, 6, 7, 8])
        let script = Self.answering { stream in
            Array(repeating: ping, count: 3000) + RawFrame.whole([3], on: stream)
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                #expect(await answer { try await client.ask([1]) } == [3])
                var answer = ping
                answer.flags = RawFrame.end
                try await eventually("each has its answer") {
                    server.received.all.filter { $0 == answer }.count == 3000
                }
            }
        }
    }

    @Test func aFloodOfPingsEndsTheConnection() async throws {
        let ping = RawFrame(type: RawFrame.ping, payload: [1, 2, 3, 4, 5, 6, 7, 8])
        let script = Self.answering { _ in Array(repeating: ping, count: 300) }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server, controlFrames: 100) { connection, client in
                let error = await failure { try await client.ask([1]) }
                #expect(error?.code == .unavailable)
                #expect(await name(connection.ended()) == "http2")
            }
        }
    }

    @Test(arguments: [true, false])
    func aFloodOfHeaderFieldsEndsTheConnection(inOneBlock: Bool) async throws {
        let fields = RawFrame.fields([("x", String(repeating: "y", count: 4000))])
        let script = Self.answering { stream in
            let first = RawFrame(
                type: RawFrame.headers,
                stream: stream,
                payload: RawFrame.fields([(":status", "200")])
            )
            let more = RawFrame(
                type: RawFrame.continuation,
                stream: stream,
                payload: inOneBlock ? fields : []
            )
            return [first] + Array(repeating: more, count: 1000)
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { connection, client in
                let error = await failure { try await client.ask([1]) }
                #expect(error?.code == .unavailable)
                #expect(await name(connection.ended()) == "http2")
            }
        }
    }

    @Test func aPushedStreamEndsTheConnection() async throws {
        let script = Self.answering { stream in
            [
                RawFrame(
                    type: RawFrame.push,
                    flags: RawFrame.endHeaders,
                    stream: stream,
                    payload: RawFrame.number(2) + RawFrame.fields([(":method", "GET")])
                )
            ]
        }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { connection, client in
                let error = await failure { try await client.ask([1]) }
                #expect(error?.code == .unavailable)
                #expect(await name(connection.ended()) == "http2")
            }
        }
    }

    @Test func manyCallsAtOnceAreAnsweredAndMoreThanTheLimitRefused() async throws {
        // No more than 100 streams at once (RFC 9113 §5.1.2): the others wait for their turn.
        let script = Self.answering { RawFrame.whole([1], on: $0) }
        try await ScriptedServer.with(script) { server in
            try await withConnection(to: server) { _, client in
                let answers = await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<300 {
                        group.addTask { (try? await client.ask([1])) == [1] }
                    }
                    return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(answers == 300)
            }
        }
        try await ScriptedServer.with(Self.answering { _ in [] as [RawFrame] }) { server in
            try await withConnection(to: server) { _, client in
                await withTaskGroup(of: RPCError?.self) { group in
                    for _ in 0..<1030 {
                        group.addTask { await failure { try await client.ask([1], timeout: nil) } }
                    }
                    // Those beyond the limit are told so while the others wait.
                    for _ in 0..<6 {
                        let error = await group.next() ?? nil
                        #expect(error?.code == .resourceExhausted)
                    }
                    group.cancelAll()
                }
            }
        }
    }
}
