package import GRPCCore
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
package import NIOSSL
import Network
import Texts

/// One HTTP/2 connection to one server, which carries the calls of a `GRPCClient`. It does not connect again.
///
/// Source: RFC 9113; gRPC over HTTP/2.
package final class GRPCConnection: ClientTransport {
    package typealias Bytes = MessageBytes

    /// The TLS of a connection.
    package struct Security: Sendable {
        let context: NIOSSLContext
        /// Named in the handshake, and what the server's certificate must be for; its IP address when `nil`.
        let serverName: String?

        package init(context: NIOSSLContext, serverName: String?) {
            self.context = context
            self.serverName = serverName
        }
    }

    /// How a connection is made.
    package struct Settings: Sendable {
        var security: Security?
        /// The value of the calls' `:authority`.
        var authority: String
        /// After how long of silence the server is pinged while calls are under way.
        var pingInterval: Duration
        /// How long it has to answer.
        var pingTimeout: Duration

        /// How many pings and settings a server may send in that time.
        ///
        /// etcd measures the connection with a PING for about each message that we send, one at a time (grpc-go's
        /// BDP estimator). NIO's default, 200 in 30 s, takes that for an attack.
        var controlFrames = (count: 10_000, window: Duration.seconds(1))

        package init(
            security: Security?,
            authority: String,
            pingInterval: Duration,
            pingTimeout: Duration
        ) {
            self.security = security
            self.authority = authority
            self.pingInterval = pingInterval
            self.pingTimeout = pingTimeout
        }
    }

    private let handler: NIOLoopBound<ConnectionHandler>
    private let loop: any EventLoop
    private let closed: EventLoopFuture<ConnectionError>
    private let settings: Settings
    private let peer: String

    init(
        _ handler: NIOLoopBound<ConnectionHandler>,
        on loop: any EventLoop,
        closed: EventLoopFuture<ConnectionError>,
        settings: Settings,
        peer: String
    ) {
        self.handler = handler
        self.loop = loop
        self.closed = closed
        self.settings = settings
        self.peer = peer
    }

    /// Retries are the caller's.
    package var retryThrottle: RetryThrottle? { nil }

    /// None: options come with each call.
    package func config(forMethod descriptor: MethodDescriptor) -> MethodConfig? { nil }

    /// Waits until the connection has ended; ends it when the task is cancelled.
    package func connect() async {
        await withTaskCancellationHandler {
            _ = await ended()
        } onCancel: {
            close()
        }
    }

    /// Waits until the connection has ended, whatever becomes of the task.
    ///
    /// - Returns: Why.
    @discardableResult
    package func ended() async -> ConnectionError {
        // It is never failed.
        (try? await closed.get()) ?? .closedHere
    }

    /// Ends the connection and its calls at once: nothing here wants more of a connection that it leaves.
    package func beginGracefulShutdown() { close() }

    /// Ends the connection and its calls; more than once does nothing more.
    package func close() {
        onLoop { $0.end(.closedHere) }
    }

    /// Carries one call.
    ///
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws. Its reads and writes throw `RPCError`: `unavailable` with a ``ConnectionError``
    ///   as its cause when the connection ends, `cancelled` with a `CancellationError` as its cause.
    package func withStream<T: Sendable>(
        descriptor: MethodDescriptor,
        options: CallOptions,
        _ body: (_ stream: RPCStream<Inbound, Outbound>, _ context: ClientContext) async throws -> T
    ) async throws -> T {
        let call = GRPCCall(descriptor, options, on: self)
        let stream = RPCStream(
            descriptor: descriptor,
            inbound: RPCAsyncSequence(wrapping: ResponseParts(call: call)),
            outbound: RPCWriter<RPCRequestPart<Bytes>>.Closable(wrapping: RequestWriter(call: call))
        )
        let context = ClientContext(descriptor: descriptor, remotePeer: peer, localPeer: "")
        return try await withTaskCancellationHandler {
            defer { call.close() }
            return try await body(stream, context)
        } onCancel: {
            call.cancel()
        }
    }

    // MARK: for its calls

    func onLoop(_ work: @escaping @Sendable (ConnectionHandler) -> Void) {
        let handler = handler
        loop.execute { work(handler.value) }
    }

    func requestFields(_ method: MethodDescriptor, _ metadata: Metadata) -> HPACKHeaders {
        CallHeaders.request(
            method,
            scheme: settings.security == nil ? "http" : "https",
            authority: settings.authority,
            metadata: metadata
        )
    }

    /// How much a server may send on one stream before it is read, in bytes: enough for a long way at a high rate.
    static let streamWindow = 4 * 1024 * 1024
    /// gRPC's own default, in bytes.
    static let defaultMessageLimit = 4 * 1024 * 1024
}
