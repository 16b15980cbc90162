import NIOCore
import NIOHTTP1

/// Waits for the head of the first request of a connection. Whatever else comes is dropped.
final class FirstRequest: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let head: EventLoopPromise<HTTPRequestHead>

    /// - Parameter head: Gets the head, or the error that came instead, at the latest when the
    ///   connection ends.
    init(_ head: EventLoopPromise<HTTPRequestHead>) {
        self.head = head
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        self.head.succeed(head)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { head.fail(ChannelError.eof) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        head.fail(error)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        head.fail(ChannelError.eof)
    }
}
