import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Serves this host over HTTP/1.1, on TCP or a unix socket whose peers the kernel names.
///
/// One request a connection, which is then closed. Bounded all over, so that a client that is slow, silent or hostile
/// harms only itself: so many connections for each purpose and user (``ConnectionLimit``), so many bytes, so long for
/// the request, for a report and for taking the answer.
public struct LocalHTTPServer: Sendable {
    /// What clients may take.
    public struct Limits: Sendable {
        /// How many connections there are at once.
        public struct Places: Sendable {
            /// Those that have not asked yet; one more closes the oldest of its user. Default 64.
            public var asking = 64
            /// Those that read a page or a report; one more closes the oldest of its user. Default 64.
            public var reading = 64
            /// Those that wait; one more is refused. Default 32.
            public var waiting = 32
            /// Those that change something; one more is refused. Default 16.
            public var change = 16

            /// The defaults.
            public init() {}
        }

        /// How many there are at once.
        public var places = Places()
        /// How long a client may take until its request is whole. Default 5 s.
        public var requestTime = Duration.seconds(5)
        /// How long a page or a report may take to be made. Default 5 s.
        public var reportTime = Duration.seconds(5)
        /// How long a client may take to read its answer. Default 5 s.
        public var answerTime = Duration.seconds(5)
        /// How many bytes of request line and headers it may send. Default 16 KiB.
        public var headBytes = 16 * 1024
        /// How many bytes of body. Default 4 KiB.
        public var bodyBytes = 4 * 1024

        /// The defaults.
        public init() {}
    }

    /// What clients are told that speak another protocol.
    public struct OtherProtocol: Sendable {
        /// The first byte of what they send; none that begins a method of HTTP.
        public var firstByte: UInt8
        /// What is sent to them before the connection is closed.
        public var answer: [UInt8]

        /// An answer for those that begin with a byte.
        public init(firstByte: UInt8, answer: [UInt8]) {
            self.firstByte = firstByte
            self.answer = answer
        }
    }

    /// A client that has connected. Plain values, which may be dropped unserved at the end.
    private struct Connection: Sendable {
        /// `nil` for one that found no place.
        let number: Int?
        let channel: any Channel
        let peer: Peer?
        let request: EventLoopPromise<RequestReader.Whole>
        /// Ends when the connection does.
        let end: AsyncStream<Never>
    }

    private let router: Router
    private let limits: Limits
    private let otherProtocol: OtherProtocol?

    /// A server that does nothing before ``run(on:listening:)``.
    ///
    /// - Parameters:
    ///   - routes: What is served; of two with one path the first.
    ///   - scope: Which of them.
    ///   - otherProtocol: What clients are told that do not speak HTTP; unless given, that they do not.
    public init(
        _ routes: [Route],
        scope: Scope,
        limits: Limits = Limits(),
        otherProtocol: OtherProtocol? = nil
    ) {
        router = Router(routes, scope)
        self.limits = limits
        self.otherProtocol = otherProtocol
    }

    /// Serves until the task is cancelled. Takes the socket: its descriptor is closed at the end, and its file removed.
    /// Requests that are being answered then are cancelled, and what their routes return is sent.
    ///
    /// - Parameter listening: Told where, as soon as clients can connect.
    /// - Throws: ``ListenError`` when it cannot listen, or cannot any more.
    public func run(
        on socket: BoundSocket,
        listening: @Sendable (ListenAddress) -> Void = { _ in }
    ) async throws(ListenError) {
        defer { socket.remove() }
        do {
            let connections = OpenConnections(limits.places)
            let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.backlog, value: 128)
                // Who has nothing more to say may still listen.
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelOption(.maxMessagesPerRead, value: 1)
                .bind(socket.descriptor) { open($0, on: socket, connections) }
            try await server.executeThenClose { clients in
                listening(socket.address)
                try await withThrowingDiscardingTaskGroup { group in
                    defer { group.cancelAll() }
                    for try await client in clients {
                        group.addTask { await serve(client, on: socket, connections) }
                    }
                }
            }
        } catch {
            if Task.isCancelled { return }
            throw ListenError(error, at: socket.address)
        }
    }

    // MARK: connections

    private func open(
        _ channel: any Channel,
        on socket: BoundSocket,
        _ connections: OpenConnections
    ) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            var (peer, user) = (Peer?.none, uid_t(0))
            if case .unix = socket.address {
                peer =
                    try pipeline.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                        Peer(socket: $0)
                    } ?? nil
                // Whom the kernel does not name is nobody.
                user = peer?.user ?? .max
            }
            // Here and not where it is served: who has asked is not to wait among those who have not.
            let number = connections.opened(channel, of: user)
            let (end, ended) = AsyncStream.makeStream(
                of: Never.self,
                bufferingPolicy: .bufferingOldest(1)
            )
            channel.closeFuture.whenComplete { _ in
                if let number { connections.closed(number) }
                ended.finish()
            }
            let request = channel.eventLoop.makePromise(of: RequestReader.Whole.self)
            do {
                try addHandlers(to: pipeline, request)
            } catch {
                request.fail(error)
                throw error
            }
            let tooSlow = channel.eventLoop.scheduleTask(in: TimeAmount(limits.requestTime)) {
                request.fail(RequestReader.Failure.tooSlow)
            }
            request.futureResult.whenComplete { _ in tooSlow.cancel() }
            return Connection(
                number: number,
                channel: channel,
                peer: peer,
                request: request,
                end: end
            )
        }
    }

    private func addHandlers(
        to pipeline: ChannelPipeline.SynchronousOperations,
        _ request: EventLoopPromise<RequestReader.Whole>
    ) throws {
        var limit = NIOHTTPDecoderLimitConfiguration()
        limit.maxHeaderFieldSize = limits.headBytes
        limit.maxHeaderListSize = limits.headBytes
        limit.maxHeaderFieldCount = 64
        if let otherProtocol { try pipeline.addHandler(OtherProtocolHandler(otherProtocol)) }
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(
            ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limit))
        )
        try pipeline.addHandler(RequestReader(request, bodyLimit: limits.bodyBytes))
    }

    private func serve(
        _ client: Connection,
        on socket: BoundSocket,
        _ connections: OpenConnections
    ) async {
        let channel = client.channel
        do {
            guard let number = client.number else {
                // Said without reading what it asks.
                let busy = Self.busy("too many clients at once; try again")
                await send(busy, withBody: true, over: channel)
                throw ChannelError.eof
            }
            let request = try await withTaskCancellationHandler {
                try await client.request.futureResult.get()
            } onCancel: {
                // Does nothing for one that has asked: that is answered, whatever comes of it.
                client.request.fail(CancellationError())
            }
            let response = await response(to: request, of: client, number, on: socket, connections)
            await send(response, withBody: request.head.method != .HEAD, over: channel)
        } catch let failure as RequestReader.Failure {
            await send(failure.response, withBody: true, over: channel)
        } catch is CancellationError {
            await send(Self.busy("the server is stopping"), withBody: true, over: channel)
        } catch {
            // It has gone.
        }
        // Fails for one that is closed.
        try? await channel.close()
    }

    private func response(
        to request: RequestReader.Whole,
        of client: Connection,
        _ number: Int,
        on socket: BoundSocket,
        _ connections: OpenConnections
    ) async -> Response {
        let head = Router.Head(
            method: request.head.method.rawValue,
            target: request.head.uri,
            hosts: request.head.headers["Host"],
            isHTTP10: request.head.version == .http1_0,
            hasBody: request.hasBody
        )
        var origin = Router.Origin(isTCP: false, mayChange: false)
        switch socket.address {
        case .tcp(let host, _):
            origin.isTCP = true
            origin.listenHost = host
        case .unix:
            origin.mayChange =
                client.peer?.mayChange(as: geteuid(), socketGroup: socket.group) ?? false
        }
        switch router.choice(head, from: origin, peer: client.peer) {
        case .refuse(let response): return response
        case .respond(let route, let request):
            guard connections.acquire(route.purpose.connectionPurpose, for: number) else {
                return Self.busy(route.busy)
            }
            return await response(of: route, to: request, client)
        }
    }

    /// What the route answers, until the client hangs up or, for what does not wait, its time is up.
    private func response(
        of route: Route,
        to request: Request,
        _ client: Connection
    ) async -> Response {
        let limit = route.purpose.connectionPurpose == .reading ? limits.reportTime : nil
        return await withTaskGroup(of: Response?.self) { group in
            group.addTask { await route.respond(request) }
            group.addTask { [end = client.end] in
                for await _ in end {}
                return nil
            }
            if let limit {
                group.addTask {
                    // Throws when it is cancelled, as it is once there is a response.
                    try? await Task.sleep(for: limit)
                    return nil
                }
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            if let first { return first }
            // Cancelled from outside the other tasks end first, and the route's answer is to come.
            if Task.isCancelled {
                for await response in group {
                    if let response { return response }
                }
            }
            return Response(
                .serviceUnavailable,
                error: "timed_out",
                "the answer took too long to be made"
            )
        }
    }

    private static func busy(_ sentence: String) -> Response {
        var response = Response(.serviceUnavailable, error: "busy", sentence)
        response.retryAfter = 1
        return response
    }

    /// Returns when all is sent, or the client has taken too long: what is closed earlier loses what still waits for a
    /// slow reader.
    private func send(
        _ response: Response,
        withBody: Bool,
        over channel: any Channel
    ) async {
        let body = ByteBuffer(string: response.body)
        var headers = HTTPHeaders([
            ("Content-Type", response.contentType),
            ("Content-Length", "\(body.readableBytes)"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", response.contentSecurityPolicy),
            ("Referrer-Policy", "no-referrer"),
            ("Connection", "close"),
        ])
        if let allow = response.allow { headers.add(name: "Allow", value: allow) }
        if let seconds = response.retryAfter {
            headers.add(name: "Retry-After", value: "\(seconds)")
        }
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: response.status.rawValue),
            headers: headers
        )
        let tooSlow = channel.eventLoop.scheduleTask(in: TimeAmount(limits.answerTime)) {
            channel.close(promise: nil)
        }
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        if withBody {
            channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
        }
        // Fails when the client has gone or was too slow.
        try? await channel.writeAndFlush(HTTPServerResponsePart.end(nil)).get()
        tooSlow.cancel()
    }
}
