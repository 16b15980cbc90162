import GRPCCore
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOSSL

/// The end of a connection's pipeline: frames of HTTP/2 on one side, calls on the other. Lives on the event loop.
///
/// The streams are kept here and not as channels of NIO's multiplexer: the few that there are need a stream number,
/// a window and a reader, not a pipeline each.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// Fulfilled with the server's first SETTINGS; failed with a ``ConnectionError``.
    let greeted: EventLoopPromise<Void>
    /// Fulfilled at the end, with the reason.
    let closed: EventLoopPromise<ConnectionError>
    private let limit: Duration

    private var context: ChannelHandlerContext?
    private var calls: [HTTP2StreamID: GRPCCall] = [:]
    /// Of those, the ones whose first frame waits for its turn: a server allows only so many at once.
    private(set) var unsent: Set<HTTP2StreamID> = []
    private var nextStream = HTTP2StreamID(1)
    private var isGreeted = false
    /// Why nothing new begins on the connection, while what is under way may still end well.
    private var leaving: ConnectionError?
    /// Why the connection is of no more use.
    private var ending: ConnectionError?
    private var keepalive: KeepaliveMachine
    private var timer: Scheduled<Void>?

    /// - Parameter limit: How long it may take from now until the server's first word.
    init(
        on loop: any EventLoop,
        limit: Duration,
        keepalive: (interval: Duration, timeout: Duration)
    ) {
        greeted = loop.makePromise()
        closed = loop.makePromise()
        self.limit = limit
        self.keepalive = KeepaliveMachine(
            interval: keepalive.interval,
            timeout: keepalive.timeout,
            now: Self.now
        )
        timer = loop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { [self] in
            end(.timedOut(limit))
        }
    }

    // MARK: the end

    /// Ends the connection and all its calls; the first reason counts.
    func end(_ reason: ConnectionError) {
        guard ending == nil else { return }
        ending = reason
        timer?.cancel()
        if leaving == nil { closed.succeed(reason) }
        let all = calls.values
        calls = [:]
        for call in all {
            call.fail(Self.unavailable(reason))
            call.released()
        }
        if !isGreeted { greeted.fail(reason) }
        context?.close(promise: nil)
        context = nil
    }

    /// The server takes nothing new (RFC 9113 §6.8): single questions that it has may still be answered, whoever
    /// has the connection is told at once.
    private func goAway(_ reason: ConnectionError, last: HTTP2StreamID) {
        guard leaving == nil else { return }
        leaving = reason
        closed.succeed(reason)
        for (stream, call) in calls
        where stream > last || call.isStreaming || unsent.contains(stream) {
            _ = calls.removeValue(forKey: stream)
            call.fail(Self.unavailable(reason))
            call.released()
            // Also of those that it has not seen: what waits to be sent must not be.
            write(stream, .rstStream(.cancel))
        }
        context?.flush()
        guard !calls.isEmpty, let context else { return end(reason) }
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lastAnswers) { [self] in
            end(reason)
        }
    }

    /// - Returns: The call of a stream that has ended.
    private func remove(_ stream: HTTP2StreamID) -> GRPCCall? {
        defer { if let leaving, calls.isEmpty { end(leaving) } }
        let call = calls.removeValue(forKey: stream)
        call?.released()
        return call
    }

    private static func unavailable(_ reason: ConnectionError) -> RPCError {
        RPCError(code: .unavailable, message: "the connection has ended", cause: reason)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard ending == nil else { return context.close(promise: nil) }
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.closedByServer)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        // One stream's own affair, of which its call hears by the stream's end.
        case is NIOHTTP2Errors.StreamError: break
        case let error as any NIOHTTP2Error: end(.http2(error))
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            // Before the server has shown a certificate there is none.
            let shown = try? context.channel.pipeline.syncOperations.nioSSL_peerCertificate()
            end(.tls(error, certificate: shown))
        default: end(.socket(error))
        }
    }

    // MARK: calls

    /// Begins a call on a stream of its own.
    ///
    /// - Parameter isLast: Whether the request is whole with it.
    func open(_ call: GRPCCall, _ fields: HPACKHeaders, message: ByteBuffer?, isLast: Bool) {
        guard ending == nil, leaving == nil, let context else {
            return call.fail(Self.unavailable(ending ?? leaving ?? .closedHere))
        }
        guard calls.count < Self.callLimit else {
            return call.fail(
                RPCError(
                    code: .resourceExhausted,
                    message: "\(Self.callLimit) calls are under way on this connection"
                )
            )
        }
        let stream = nextStream
        guard stream < .maxID else {
            // RFC 9113 §5.1.1: a new connection has new numbers.
            end(.goAway("NO_ERROR", "its stream numbers are used up"))
            return call.fail(Self.unavailable(.closedHere))
        }
        guard call.opens(on: stream) else { return }
        nextStream = stream.advanced(by: 2)
        calls[stream] = call
        let headers = HTTP2Frame.FramePayload.Headers(
            headers: fields,
            endStream: isLast && message == nil
        )
        unsent.insert(stream)
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { [self] result in
            unsent.remove(stream)
            guard case .failure(let error) = result else { return }
            call.fail(
                RPCError(
                    code: .unavailable,
                    message: "the call could not be sent",
                    cause: error as? ConnectionError ?? .socket(error)
                )
            )
        }
        write(stream, .headers(headers), promise: sent)
        if let message {
            write(stream, .data(.init(data: .byteBuffer(message), endStream: isLast)))
        }
        context.flush()
    }

    /// Sends a message of a call.
    func send(_ call: GRPCCall, _ message: ByteBuffer) {
        guard let stream = call.stream, calls[stream] != nil, let context else {
            return call.written(.failure(ending ?? .closedHere))
        }
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { call.written($0) }
        write(stream, .data(.init(data: .byteBuffer(message))), promise: sent)
        context.flush()
    }

    /// Says that the request of a call is whole.
    func finish(_ call: GRPCCall) {
        guard let stream = call.stream, calls[stream] != nil else { return }
        write(stream, .data(.init(data: .byteBuffer(ByteBuffer()), endStream: true)))
        context?.flush()
    }

    /// Lets the server send more on the stream of a call.
    func giveBack(_ increment: Int, _ call: GRPCCall) {
        guard let stream = call.stream, calls[stream] != nil else { return }
        write(stream, .windowUpdate(windowSizeIncrement: increment))
        context?.flush()
    }

    /// Ends the stream of a call.
    func reset(_ call: GRPCCall, _ code: HTTP2ErrorCode) {
        guard let stream = call.stream, calls[stream] != nil else { return }
        write(stream, .rstStream(code))
        context?.flush()
        _ = remove(stream)
    }

    private func write(
        _ stream: HTTP2StreamID,
        _ payload: HTTP2Frame.FramePayload,
        promise: EventLoopPromise<Void>? = nil
    ) {
        guard let context else {
            promise?.fail(ending ?? .closedHere)
            return
        }
        context.write(
            wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)),
            promise: promise
        )
    }

    // MARK: frames

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard ending == nil else { return }
        switch frame.payload {
        case .headers(let headers):
            guard let call = calls[frame.streamID] else { return }
            let effects = call.headersReceived(headers.headers, isLast: headers.endStream)
            apply(effects, to: frame.streamID)
        case .data(let data):
            guard let call = calls[frame.streamID], case .byteBuffer(let bytes) = data.data else {
                return
            }
            let padding = data.paddingBytes.map { $0 + 1 } ?? 0
            let effects = call.dataReceived(
                bytes,
                flowControlled: bytes.readableBytes + padding,
                isLast: data.endStream
            )
            apply(effects, to: frame.streamID)
        case .rstStream(let code): remove(frame.streamID)?.resetReceived(code)
        case .settings(.settings): greet(context)
        case .goAway(let last, let code, let words):
            let words = words.map {
                String(decoding: $0.readableBytesView.prefix(256), as: UTF8.self)
            }
            let reason = ConnectionError.goAway(code.name, words ?? "")
            if code == .noError { goAway(reason, last: last) } else { end(reason) }
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        keepalive.heard(now: Self.now)
        self.context?.flush()
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as StreamClosedEvent:
            guard let call = remove(event.streamID) else { break }
            if let reason = event.reason {
                call.resetReceived(reason)
            } else {
                call.fail(
                    RPCError(
                        code: .unavailable,
                        message: "the server ended the call without a status"
                    )
                )
            }
        case let event as NIOHTTP2WindowUpdatedEvent where event.streamID == .rootStream:
            // What waits for readers is bounded by the streams' windows.
            if let size = event.inboundWindowSize, isGreeted, size * 2 <= Self.connectionWindow {
                write(.rootStream, .windowUpdate(windowSizeIncrement: Self.connectionWindow - size))
            }
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func apply(_ effects: CallMachine.Effects, to stream: HTTP2StreamID) {
        if let code = effects.reset {
            write(stream, .rstStream(code))
            _ = remove(stream)
        } else if effects.increment > 0 {
            write(stream, .windowUpdate(windowSizeIncrement: effects.increment))
        }
    }

    private func greet(_ context: ChannelHandlerContext) {
        guard !isGreeted else { return }
        isGreeted = true
        timer?.cancel()
        let increment = Self.connectionWindow - Self.initialConnectionWindow
        write(.rootStream, .windowUpdate(windowSizeIncrement: increment))
        wait(until: Self.now + keepalive.interval)
        greeted.succeed()
    }

    // MARK: keepalive

    private func wait(until instant: Duration) {
        guard let context else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(
            in: TimeAmount(instant - Self.now)
        ) { [self] in
            timerFired()
        }
    }

    private func timerFired() {
        guard ending == nil, leaving == nil else { return }
        switch keepalive.timerFired(now: Self.now, hasCalls: !calls.isEmpty) {
        case .wait(let instant): wait(until: instant)
        case .ping(let instant):
            write(.rootStream, .ping(HTTP2PingData(withInteger: 0), ack: false))
            context?.flush()
            wait(until: instant)
        case .giveUp: end(.pingTimedOut)
        }
    }

    private static var now: Duration {
        .nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    }

    /// RFC 9113 §6.9.2, in bytes.
    private static let initialConnectionWindow = 65_535
    /// How much may be on its way on all streams together, in bytes.
    private static let connectionWindow = 2 * GRPCConnection.streamWindow
    /// How long a server that goes away has for what it was asked.
    private static let lastAnswers = TimeAmount.seconds(2)
    /// More calls than that at once are a mistake of the caller.
    private static let callLimit = 1024
}
