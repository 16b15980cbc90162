import NIOCore
import NIOHTTP1

/// Sends one request and gathers its answer.
final class HTTPExchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// How much of a body, and of headers, is read.
    static let limit = 64 * 1024

    private let request: HTTPRequestHead
    private let readsBody: Bool
    private let outcome: EventLoopPromise<HTTPAnswer>
    private let target: TCPTarget
    private var answer: HTTPAnswer?

    /// - Parameters:
    ///   - readsBody: Whether the body matters; else the head is the whole answer.
    ///   - outcome: Gets the answer, or the error that ended the connection.
    init(
        _ request: HTTPRequestHead,
        readsBody: Bool,
        target: TCPTarget,
        outcome: EventLoopPromise<HTTPAnswer>
    ) {
        self.request = request
        self.readsBody = readsBody
        self.target = target
        self.outcome = outcome
    }

    func handlerAdded(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer = HTTPAnswer(status: Int(head.status.code), reason: head.status.reasonPhrase)
            if !readsBody { succeed() }
        case .body(var part):
            guard let room = answer.map({ Self.limit - $0.body.readableBytes }) else { return }
            if part.readableBytes > room { answer?.isCut = true }
            if var slice = part.readSlice(length: min(room, part.readableBytes)) {
                answer?.body.writeBuffer(&slice)
            }
            if answer?.isCut == true { succeed() }
        case .end: succeed()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        outcome.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        outcome.fail(ProbeFailure.closed(by: target))
        context.fireChannelInactive()
    }

    private func succeed() {
        guard let answer else { return }
        outcome.succeed(answer)
    }
}

/// The parts of an HTTP response that a check needs.
struct HTTPAnswer: Sendable {
    /// The status code.
    var status: Int
    /// Its words, as the server sent them.
    var reason: String
    /// The body, or the beginning of it.
    var body = ByteBuffer()
    /// Whether the body was longer than what was read.
    var isCut = false
}
