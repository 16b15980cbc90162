import NIOCore
import NIOPosix
import Synchronization
import TestKit

@testable import GRPCTransport

/// A frame of HTTP/2 as it is on the wire (RFC 9113 §4.1).
struct RawFrame: Hashable, Sendable {
    var type: UInt8
    var flags: UInt8 = 0
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    static let (data, headers, reset, settings): (UInt8, UInt8, UInt8, UInt8) = (0, 1, 3, 4)
    static let (push, ping, goAway, windowUpdate): (UInt8, UInt8, UInt8, UInt8) = (5, 6, 7, 8)
    static let continuation: UInt8 = 9
    /// END_STREAM, and of PING and SETTINGS the acknowledgement.
    static let end: UInt8 = 1
    static let endHeaders: UInt8 = 4

    var bytes: [UInt8] {
        let length = UInt32(payload.count)
        return [
            UInt8(length >> 16 & 0xff), UInt8(length >> 8 & 0xff), UInt8(length & 0xff), type,
            flags,
        ]
            + Self.number(stream) + payload
    }

    static func number(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }

    /// Header fields, each as a literal that is kept in no table (RFC 7541 §6.2.2).
    static func fields(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { name, value in
            [0] + [UInt8(name.utf8.count)] + name.utf8 + length(value.utf8.count) + value.utf8
        }
    }

    /// RFC 7541 §5.1, with a prefix of seven bits.
    private static func length(_ value: Int) -> [UInt8] {
        guard value >= 127 else { return [UInt8(value)] }
        var (bytes, rest): ([UInt8], Int) = ([127], value - 127)
        while rest >= 128 {
            bytes.append(UInt8(rest % 128 + 128))
            rest /= 128
        }
        return bytes + [UInt8(rest)]
    }

    static func headers(_ list: [(String, String)], on stream: UInt32, isLast: Bool = false)
        -> RawFrame
    {
        RawFrame(
            type: headers,
            flags: endHeaders | (isLast ? end : 0),
            stream: stream,
            payload: fields(list)
        )
    }

    /// The fields that begin an answer.
    static func answer(on stream: UInt32) -> RawFrame {
        headers([(":status", "200"), ("content-type", "application/grpc")], on: stream)
    }

    static func trailers(_ status: String, _ message: String? = nil, on stream: UInt32) -> RawFrame
    {
        headers(
            [("grpc-status", status)] + (message.map { [("grpc-message", $0)] } ?? []),
            on: stream,
            isLast: true
        )
    }

    /// A message with its prefix, in one frame.
    static func message(_ bytes: [UInt8], on stream: UInt32) -> RawFrame {
        RawFrame(
            type: data,
            stream: stream,
            payload: [0] + number(UInt32(bytes.count)) + bytes
        )
    }

    static func goAway(last: UInt32, code: UInt32, _ words: String = "") -> RawFrame {
        RawFrame(type: goAway, payload: number(last) + number(code) + Array(words.utf8))
    }

    static func reset(_ stream: UInt32, code: UInt32) -> RawFrame {
        RawFrame(type: reset, stream: stream, payload: number(code))
    }

    static func windowUpdate(_ stream: UInt32, by increment: UInt32) -> RawFrame {
        RawFrame(type: windowUpdate, stream: stream, payload: number(increment))
    }

    /// A whole answer to a call.
    static func whole(_ message: [UInt8], on stream: UInt32) -> [RawFrame] {
        [answer(on: stream), .message(message, on: stream), trailers("0", on: stream)]
    }
}

extension [RawFrame] {
    var bytes: [UInt8] { flatMap(\.bytes) }
}

/// A server on loopback that speaks HTTP/2 byte by byte as a script says, right or wrong.
final class ScriptedServer: LoopbackServer {
    /// What the script is told; it answers with what is sent, each piece by itself.
    enum Event: Sendable {
        /// A connection is there.
        case accepted
        /// A frame came, after the client's preface.
        case frame(RawFrame)
    }

    typealias Script = @Sendable (Event) -> [[UInt8]]

    let port: UInt16
    private let channel: any Channel
    private let children: Recorder<any Channel>
    /// What came, in order.
    let received: Recorder<RawFrame>

    private init(
        _ channel: any Channel,
        _ children: Recorder<any Channel>,
        _ received: Recorder<RawFrame>
    ) {
        self.channel = channel
        self.children = children
        self.received = received
        port = UInt16(channel.localAddress?.port ?? 0)
    }

    /// Runs a server while `body` runs.
    static func with<Value>(
        _ script: @escaping Script,
        _ body: (ScriptedServer) async throws -> Value
    ) async throws -> Value {
        let (children, received) = (Recorder<any Channel>(), Recorder<RawFrame>())
        // Of its own, so that a flood holds up nobody else's test; the client uses it too.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    children.record(channel)
                    try channel.pipeline.syncOperations.addHandler(Handler(script, received))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(channel, children, received)
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        server.hangUp()
        try await group.shutdownGracefully()
        return try result.get()
    }

    /// Has nobody listen at its port any more.
    func stopListening() async throws { try await channel.close() }

    /// What its connections run on.
    var loop: any EventLoop { channel.eventLoop }

    /// Sends bytes on every connection.
    func send(_ bytes: [UInt8]) {
        for child in children.all {
            child.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        }
    }

    /// Ends every connection.
    func hangUp() {
        for child in children.all { child.close(promise: nil) }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let script: Script
        private let received: Recorder<RawFrame>
        private var bytes: [UInt8] = []
        private var hasPreface = false

        init(_ script: @escaping Script, _ received: Recorder<RawFrame>) {
            self.script = script
            self.received = received
        }

        func channelActive(context: ChannelHandlerContext) { answer(.accepted, context) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes += Array(unwrapInboundIn(data).readableBytesView)
            if !hasPreface {
                // RFC 9113 §3.4.
                guard bytes.count >= 24 else { return }
                bytes.removeFirst(24)
                hasPreface = true
            }
            while let frame = next() {
                received.record(frame)
                answer(.frame(frame), context)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func next() -> RawFrame? {
            guard bytes.count >= 9 else { return nil }
            let length = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
            guard bytes.count >= 9 + length else { return nil }
            defer { bytes.removeFirst(9 + length) }
            let stream = bytes[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return RawFrame(
                type: bytes[3],
                flags: bytes[4],
                stream: stream,
                payload: Array(bytes[9..<9 + length])
            )
        }

        private func answer(_ event: Event, _ context: ChannelHandlerContext) {
            for piece in script(event) {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: piece)), promise: nil)
            }
        }
    }
}
