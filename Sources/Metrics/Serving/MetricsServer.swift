import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Serves a few small pages to this host, over HTTP/1.1 on TCP or a unix socket.
///
/// One request a connection, which is then closed. A slow, silent or hostile client costs one of a few
/// places for a few seconds, and nothing else.
public struct MetricsServer: Sendable {
    /// What one client may take.
    public struct Limits: Sendable {
        /// How many are served at once; others wait. Default 16.
        public var connections = 16
        /// How long one may take from its turn to the last byte of its answer. Default 5 s.
        public var patience = Duration.seconds(5)
        /// How many bytes of headers it may send. Default 16 KiB.
        public var headerBytes = 16 * 1024

        /// The defaults.
        public init() {}
    }

    /// A client that has connected. Plain values, which may be dropped unserved at the end.
    private struct Connection: Sendable {
        let channel: any Channel
        let head: EventLoopFuture<HTTPRequestHead>
    }

    /// How long a client may wait for its turn, with that.
    private static let longestWait = TimeAmount.seconds(30)

    private let address: ListenAddress
    private let pages: Pages
    private let limits: Limits

    /// A server that does nothing before ``run(listening:)``.
    public init(at address: ListenAddress, pages: Pages, limits: Limits = Limits()) {
        self.address = address
        self.pages = pages
        self.limits = limits
    }

    /// Serves until the task is cancelled. A unix socket may be used by everybody on the host who can
    /// reach its directory, as a port on loopback may; it is removed at the end.
    ///
    /// - Parameter listening: Told where, as soon as clients can connect; for port 0 the one that the
    ///   system chose.
    /// - Throws: ``ListenError`` when it cannot listen, or cannot any more.
    public func run(
        listening: @Sendable (ListenAddress) -> Void = { _ in }
    ) async throws(ListenError) {
        do {
            let server = try await bind()
            defer { removeSocket() }
            try await server.executeThenClose { connections in
                listening(bound(server.channel.localAddress))
                try await serve(connections)
            }
        } catch {
            if Task.isCancelled { return }
            throw ListenError(error, at: address)
        }
    }

    // MARK: listening

    private func bind() async throws -> NIOAsyncChannel<Connection, Never> {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Who has nothing more to say may still listen.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
        switch address {
        case .tcp(let host, let port):
            return try await bootstrap.bind(to: SocketAddress(ipAddress: host, port: port)) {
                initialize($0)
            }
        case .unix(let path):
            let server = try await bootstrap.bind(
                unixDomainSocketPath: path,
                cleanupExistingSocketFile: true
            ) { initialize($0) }
            open(to: 0o666, path)
            return server
        }
    }

    /// Gives the socket that is at the path its mode, by descriptor: a file that somebody has put there instead
    /// keeps its own. See open(2), O_PATH.
    private func open(to mode: mode_t, _ path: String) {
        // Swift is not shown O_PATH.
        let file = Glibc.open(path, 0o10_000_000 | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { Glibc.close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK,
            status.st_uid == geteuid()
        else { return }
        // fchmod(2) does not take such a descriptor; the path to it is the kernel's and cannot be redirected.
        chmod("/proc/self/fd/\(file)", mode)
    }

    private func initialize(_ channel: any Channel) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeCompletedFuture {
            var headers = NIOHTTPDecoderLimitConfiguration()
            headers.maxHeaderFieldSize = limits.headerBytes
            headers.maxHeaderListSize = limits.headerBytes
            headers.maxHeaderFieldCount = 64
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(HTTPResponseEncoder())
            try pipeline.addHandler(
                ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: headers))
            )
            // Answers what is not HTTP, or too long, with 400.
            try pipeline.addHandler(HTTPServerProtocolErrorHandler())
            let head = channel.eventLoop.makePromise(of: HTTPRequestHead.self)
            do {
                try pipeline.addHandler(FirstRequest(head))
            } catch {
                head.fail(error)
                throw error
            }
            close(channel, in: Self.longestWait)
            return Connection(channel: channel, head: head.futureResult)
        }
    }

    private func close(_ channel: any Channel, in time: TimeAmount) {
        let close = channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in close.cancel() }
    }

    private func bound(_ local: SocketAddress?) -> ListenAddress {
        guard case .tcp(let host, _) = address, let port = local?.port else { return address }
        return .tcp(host: host, port: port)
    }

    private func removeSocket() {
        if case .unix(let path) = address { unlink(path) }
    }

    // MARK: serving

    private func serve(_ connections: NIOAsyncChannelInboundStream<Connection>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            var served = 0
            for try await connection in connections {
                if served >= limits.connections {
                    try await group.next()
                } else {
                    served += 1
                }
                group.addTask { await serve(connection) }
            }
        }
    }

    private func serve(_ connection: Connection) async {
        let channel = connection.channel
        close(channel, in: TimeAmount(limits.patience))
        // A client that goes, or says what is not HTTP, is nobody's trouble but its own.
        try? await withTaskCancellationHandler {
            let head = try await connection.head.get()
            try await send(await answer(head), to: head, over: channel)
        } onCancel: {
            channel.close(promise: nil)
        }
        try? await channel.close()
    }

    private func answer(_ head: HTTPRequestHead) async -> PageAnswer {
        switch pages.choice(method: head.method.rawValue, target: head.uri) {
        case .answer(let answer): answer
        case .make(let page): await page()
        }
    }

    /// Returns when all is sent: what is closed earlier loses what still waits for a slow reader.
    private func send(
        _ answer: PageAnswer,
        to request: HTTPRequestHead,
        over channel: any Channel
    ) async throws {
        let body = ByteBuffer(string: answer.body)
        var headers = HTTPHeaders([
            ("Content-Type", answer.contentType),
            ("Content-Length", "\(body.readableBytes)"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        ])
        if answer.status == .methodNotAllowed { headers.add(name: "Allow", value: "GET, HEAD") }
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: answer.status.rawValue),
            headers: headers
        )
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        if request.method != .HEAD {
            channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
        }
        try await channel.writeAndFlush(HTTPServerResponsePart.end(nil)).get()
    }
}
