import NIOCore
import NIOHTTP1

/// Collects the first request of a connection. Whatever else comes is dropped, and not read on.
final class RequestReader: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    /// A request that is whole.
    struct Whole: Sendable {
        var head: HTTPRequestHead
        var hasBody: Bool
    }

    /// Why there is none, although the client is still there.
    enum Failure: Error {
        case notHTTP
        case headersTooLarge
        case bodyTooLarge
        case expectationUnknown
        case tooSlow

        var response: Response {
            switch self {
            case .notHTTP: Response(.badRequest, error: "invalid", "this is no request of HTTP/1.1")
            case .headersTooLarge:
                Response(
                    .headerFieldsTooLarge,
                    error: "too_large",
                    "the request's head is too large"
                )
            case .bodyTooLarge:
                Response(.contentTooLarge, error: "too_large", "the request's body is too large")
            case .expectationUnknown:
                Response(
                    .expectationFailed,
                    error: "invalid",
                    "of the Expect field only 100-continue is known"
                )
            case .tooSlow:
                Response(.requestTimeout, error: "timed_out", "the request did not come in time")
            }
        }
    }

    private let request: EventLoopPromise<Whole>
    private let bodyLimit: Int
    private var head: HTTPRequestHead?
    private var bodyBytes = 0
    private var isDone = false

    /// - Parameters:
    ///   - request: Gets the request, ``Failure``, or another error when the connection ends without one.
    ///   - bodyLimit: How many bytes its body may have.
    init(_ request: EventLoopPromise<Whole>, bodyLimit: Int) {
        self.request = request
        self.bodyLimit = bodyLimit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            expect(head, context)
        case .body(let bytes):
            bodyBytes += bytes.readableBytes
            if bodyBytes > bodyLimit { end(.failure(Failure.bodyTooLarge), context) }
        case .end:
            guard let head else { return }
            end(.success(Whole(head: head, hasBody: bodyBytes > 0)), context)
        }
    }

    /// Answers one who waits for leave to send its body: with the response itself, since none of ours depends on a body,
    /// so that it need not be sent. See RFC 9110, 10.1.1.
    private func expect(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let expectations = head.headers[canonicalForm: "Expect"]
        guard !expectations.isEmpty, head.version == .http1_1 else { return }
        guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else {
            return end(.failure(Failure.expectationUnknown), context)
        }
        let length = head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
        guard length > 0 || head.headers.contains(name: "Transfer-Encoding") else { return }
        guard length <= bodyLimit else { return end(.failure(Failure.bodyTooLarge), context) }
        end(.success(Whole(head: head, hasBody: true)), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Who has nothing more to say may still listen, but not without having asked.
        if case .inputClosed? = event as? ChannelEvent, !isDone {
            end(.failure(ChannelError.eof), context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: end(.failure(Failure.headersTooLarge), context)
        case is HTTPParserError: end(.failure(Failure.notHTTP), context)
        default: end(.failure(error), context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        request.fail(ChannelError.eof)
    }

    private func end(_ result: Result<Whole, any Error>, _ context: ChannelHandlerContext) {
        guard !isDone else { return }
        isDone = true
        request.completeWith(result)
        // Whoever goes on sending waits in its own buffers.
        context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
    }
}

/// Answers clients that do not speak HTTP but a protocol whose first byte no method of HTTP begins with.
final class OtherProtocolHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let other: LocalHTTPServer.OtherProtocol
    private var isHTTP: Bool?

    init(_ other: LocalHTTPServer.OtherProtocol) {
        self.other = other
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if isHTTP == nil, let first = bytes.readableBytesView.first {
            isHTTP = first != other.firstByte
            if isHTTP == false {
                let channel = context.channel
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: other.answer)))
                    .whenComplete { _ in channel.close(promise: nil) }
            }
        }
        if isHTTP == true { context.fireChannelRead(wrapInboundOut(bytes)) }
    }
}
