import Glibc
import NIOCore

/// Looks at the first byte that a server says, to tell a port that speaks TLS from one that does not.
///
/// Neither HTTP/2 nor TLS has a message for "wrong protocol"; what follows such a mistake elsewhere is an error of
/// parsing, or silence. A TLS record begins with its type, 20 to 24 (RFC 8446 §5.1); an HTTP/2 connection begins
/// with the length of a SETTINGS frame, whose first byte is 0.
final class FirstByte: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let isTLS: Bool
    private let found: (ProtocolMismatch) -> Void

    /// - Parameters:
    ///   - isTLS: Whether we speak it.
    ///   - found: Called before the handlers behind this one see what follows from it.
    init(isTLS: Bool, found: @escaping (ProtocolMismatch) -> Void) {
        self.isTLS = isTLS
        self.found = found
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        if let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) {
            let answersTLS = (20...24).contains(first)
            if answersTLS != isTLS { found(isTLS ? .speaksNoTLS : .speaksTLS) }
        }
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A server that hangs up before it has read all we said resets the connection.
        if let error = error as? IOError, error.errnoCode == ECONNRESET {
            found(.hungUp(onTLS: isTLS))
        }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        found(.hungUp(onTLS: isTLS))
        context.fireChannelInactive()
    }
}
