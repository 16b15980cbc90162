import CSignals
import Glibc
import NIOCore
import NIOPosix

/// The signals that tell the daemon what to do. None is lost and none does its default action, from the first
/// instant of the program on: whatever comes before somebody follows them is heard then.
package struct ProcessSignals: Sendable {
    /// What a signal asks for.
    enum Order: Hashable, Sendable {
        /// SIGHUP: the configuration is to be read again.
        case reload
        /// SIGTERM or SIGINT: the daemon is to end.
        case end
    }

    private let descriptor: Int32

    /// Has the signals remembered, and SIGPIPE ignored: a program of the administrator that ends before it has
    /// read its input must not end us. To be called once, before there is a second thread.
    ///
    /// - Returns: `nil` when there is no descriptor left for it; then all is as before.
    ///
    /// See sigaction(2).
    package static func caught() -> ProcessSignals? {
        let descriptor = csignals_catch()
        return descriptor < 0 ? nil : ProcessSignals(descriptor: descriptor)
    }

    /// Gives them back their actions: one that has come meanwhile does it now. To be called while there is no
    /// second thread.
    package func release() { csignals_release() }

    /// Calls `heard` for what has come and for what comes, however often each came meanwhile once, until the
    /// task is cancelled. To be called once.
    ///
    /// - Throws: What the system says when it cannot wait for them.
    func follow(_ heard: @Sendable (Order) async -> Void) async throws {
        let (wakes, wake) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let channel = try await NIOPipeBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(WakeReader(wake))
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor)
            .get()
        for await _ in wakes {
            for order in Self.orders(csignals_taken()) { await heard(order) }
        }
        // Fails for one that is closed already.
        try? await channel.close()
    }

    /// Whether the program is to end, before anybody follows the signals. A reload that is asked for meanwhile is
    /// not forgotten.
    package func takeEnd() -> Bool {
        let orders = Self.orders(csignals_taken())
        if orders.contains(.reload) { raise(SIGHUP) }
        return orders.contains(.end)
    }

    /// What is asked for by the signals of `bits`. Who is to end need not read anything again.
    static func orders(_ bits: UInt64) -> [Order] {
        let hasCome = { (number: Int32) in bits & (1 << UInt64(number)) != 0 }
        if hasCome(SIGTERM) || hasCome(SIGINT) { return [.end] }
        return hasCome(SIGHUP) ? [.reload] : []
    }

    /// Says that there is something to read, and drops it.
    private final class WakeReader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let wake: AsyncStream<Void>.Continuation

        init(_ wake: AsyncStream<Void>.Continuation) {
            self.wake = wake
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { wake.yield() }
    }
}
