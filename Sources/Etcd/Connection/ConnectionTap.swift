import NIOCore
import Synchronization

/// Hears the end of a TCP connection and can bring it about.
///
/// grpc-swift tells neither when an idle connection is lost nor why, and its own shutdown waits for
/// a connect that is under way. The tap knows both at once.
final class ConnectionTap: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var reason: (any Error)?
        var isClosed = false
    }

    private let state = Mutex(State())
    private let lost: @Sendable ((any Error)?) -> Void

    /// - Parameter lost: Called on an event loop each time an established connection ends, with
    ///   the error that ended it, if there was one.
    init(lost: @escaping @Sendable ((any Error)?) -> Void) {
        self.lost = lost
    }

    /// The first error on the last connection.
    var reason: (any Error)? { state.withLock { $0.reason } }

    /// Something went wrong; what was first counts.
    func failed(_ error: any Error) {
        state.withLock { $0.reason = $0.reason ?? error }
    }

    /// Adds the tap to a connection that is about to be made.
    func install(on channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(Handler(tap: self))
        let isClosed = state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = channel
            return state.isClosed
        }
        if isClosed { channel.close(promise: nil) }
    }

    /// Closes the connection, also one that is still being made, and any made later.
    func close() {
        let channels = state.withLock { state in
            state.isClosed = true
            return state.channels
        }
        for channel in channels.values { channel.close(promise: nil) }
    }

    private func ended(_ channel: any Channel, wasActive: Bool) {
        let reason = state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = nil
            return state.reason
        }
        if wasActive { lost(reason) }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let tap: ConnectionTap
        private var wasActive = false

        init(tap: ConnectionTap) {
            self.tap = tap
        }

        func channelActive(context: ChannelHandlerContext) {
            wasActive = true
            // What went wrong before was another address's affair.
            tap.state.withLock { $0.reason = nil }
            context.fireChannelActive()
        }

        func channelInactive(context: ChannelHandlerContext) {
            tap.ended(context.channel, wasActive: wasActive)
            context.fireChannelInactive()
        }

        func handlerRemoved(context: ChannelHandlerContext) {
            tap.ended(context.channel, wasActive: false)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            tap.failed(error)
            context.fireErrorCaught(error)
        }
    }
}
