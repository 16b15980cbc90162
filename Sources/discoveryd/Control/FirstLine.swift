import NIOCore

/// Collects the first line that a client sends, and reads no further.
final class FirstLine: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let limit: Int
    private let line: AsyncStream<[UInt8]>.Continuation
    private var bytes: [UInt8] = []
    private var isDone = false

    /// - Parameters:
    ///   - limit: A longer line is none.
    ///   - line: Gets the line, without its end; is finished without one when none will come.
    init(limit: Int, line: AsyncStream<[UInt8]>.Continuation) {
        self.limit = limit
        self.line = line
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What comes behind the line is of no interest.
        guard !isDone else { return }
        let new = unwrapInboundIn(data).readableBytesView
        bytes += new.prefix { $0 != 0x0a }
        let isWhole = new.contains(0x0a)
        guard isWhole || bytes.count > limit else { return }
        if isWhole, bytes.count <= limit { line.yield(bytes) }
        finish()
        // Whoever goes on sending waits in its own buffers.
        context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func finish() {
        isDone = true
        bytes = []
        line.finish()
    }
}
