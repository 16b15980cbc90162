import NIOCore

/// Closes a connection whose server has not said a word within `limit` of the attempt.
///
/// A stopped process (SIGSTOP) still accepts TCP: its kernel does. grpc-swift then waits for the
/// first HTTP/2 SETTINGS for ever. The limit counts from the start of the TCP connect, so it also
/// bounds a SYN that nobody answers.
final class HandshakeTimeout: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let limit: TimeAmount
    private let expired: @Sendable () -> Void
    private var timer: Scheduled<Void>?

    /// - Parameter expired: Called before the connection is closed.
    init(_ limit: TimeAmount, expired: @escaping @Sendable () -> Void) {
        self.limit = limit
        self.expired = expired
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let (channel, expired) = (context.channel, expired)
        timer = context.eventLoop.scheduleTask(in: limit) {
            expired()
            channel.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        timer?.cancel()
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }
}
