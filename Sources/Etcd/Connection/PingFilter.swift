import NIOCore

/// Answers the server's HTTP/2 PINGs before the HTTP/2 handler counts them.
///
/// etcd's gRPC server measures its bandwidth with one PING for about every message it gets, and
/// swift-nio-http2 takes more than 200 control frames in 30 s for an attack and closes the
/// connection. Six requests a second would be the end of it. So PING requests are answered here
/// and never reach that count; their acknowledgements, and every other frame, pass untouched.
///
/// Frame layout: RFC 9113 §4.1 (a header of 9 bytes: length 3, type 1, flags 1, stream 4) and §6.7
/// (PING: type 6, flag 1 is ACK, 8 bytes of payload).
final class PingFilter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let headerLength = 9
    private static let pingLength = 17

    /// The beginning of a frame that has not arrived far enough to be told apart.
    private var undecided = ByteBuffer()
    /// Payload of the current frame that is still to pass.
    private var passing = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        undecided.writeImmutableBuffer(unwrapInboundIn(data))
        var passed = context.channel.allocator.buffer(capacity: undecided.readableBytes)
        var hasAnswered = false
        while true {
            if passing > 0 {
                guard let some = undecided.readSlice(length: min(passing, undecided.readableBytes)),
                    some.readableBytes > 0
                else { break }
                passing -= some.readableBytes
                passed.writeImmutableBuffer(some)
                continue
            }
            guard let frame = nextFrame() else { break }
            switch frame {
            case .ping(let answer):
                context.write(wrapOutboundOut(answer), promise: nil)
                hasAnswered = true
            case .other(let header, let payload):
                passed.writeImmutableBuffer(header)
                passing = payload
            }
        }
        undecided.discardReadBytes()
        if hasAnswered { context.flush() }
        if passed.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(passed)) }
    }

    private enum Frame {
        /// A request; with the frame that answers it.
        case ping(answer: ByteBuffer)
        case other(header: ByteBuffer, payload: Int)
    }

    /// Takes the next frame's beginning, or `nil` while too little of it has arrived.
    private func nextFrame() -> Frame? {
        let start = undecided.readerIndex
        guard undecided.readableBytes >= Self.headerLength,
            let high = undecided.getInteger(at: start, as: UInt8.self),
            let low = undecided.getInteger(at: start + 1, as: UInt16.self),
            let type = undecided.getInteger(at: start + 3, as: UInt8.self),
            let flags = undecided.getInteger(at: start + 4, as: UInt8.self)
        else { return nil }
        let length = Int(high) << 16 | Int(low)
        if type == 6, flags & 1 == 0, length == 8 {
            guard var answer = undecided.readSlice(length: Self.pingLength) else { return nil }
            answer.setInteger(flags | 1, at: answer.readerIndex + 4)
            return .ping(answer: answer)
        }
        guard let header = undecided.readSlice(length: Self.headerLength) else { return nil }
        return .other(header: header, payload: length)
    }
}
