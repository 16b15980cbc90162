import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Serves a few small pages to this host, over HTTP/1.1 on TCP or a unix socket.
///
/// One request a connection, which is then closed. Nobody waits for a turn: a slow, silent or hostile client
/// has a place for a few seconds, and loses it to one that comes when there is no other.
public struct MetricsServer: Sendable {
    /// What one client may take.
    public struct Limits: Sendable {
        /// How many there are at once that have not asked yet, and again that are answered; for one more the
        /// oldest goes. Default 64.
        public var connections = 64
        /// How long one may take from its beginning to the last byte of its answer. Default 5 s.
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

    /// Those that are connected, each by a number.
    private final class Connected: Sendable {
        private struct State {
            var places: ConnectionPlaces
            var channels: [Int: any Channel] = [:]
            var last = 0
        }

        private let state: Mutex<State>

        init(limit: Int) {
            state = Mutex(State(places: ConnectionPlaces(limit)))
        }

        /// Gives a connection its place and its number. The one that goes for it is closed.
        func arrived(_ channel: any Channel) -> Int {
            let (number, leaver) = state.withLock { state in
                state.last += 1
                state.channels[state.last] = channel
                let leaver = state.places.arrived(state.last)
                return (state.last, leaver.flatMap { state.channels[$0] })
            }
            leaver?.close(promise: nil)
            return number
        }

        /// The request of a connection has come. The one that goes for it is closed.
        func asked(_ number: Int) {
            let leaver = state.withLock { state in
                state.places.asked(number).flatMap { state.channels[$0] }
            }
            leaver?.close(promise: nil)
        }

        func left(_ number: Int) {
            state.withLock { state in
                state.places.left(number)
                state.channels[number] = nil
            }
        }
    }

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
            let server = try await bind(Connected(limit: limits.connections))
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

    private func bind(_ connected: Connected) async throws -> NIOAsyncChannel<Connection, Never> {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Who has nothing more to say may still listen.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
        switch address {
        case .tcp(let host, let port):
            return try await bootstrap.bind(to: SocketAddress(ipAddress: host, port: port)) {
                initialize($0, connected)
            }
        case .unix(let path):
            let server = try await bootstrap.bind(
                unixDomainSocketPath: path,
                cleanupExistingSocketFile: true
            ) { initialize($0, connected) }
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

    private func initialize(
        _ channel: any Channel,
        _ connected: Connected
    ) -> EventLoopFuture<Connection> {
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
            close(channel, in: TimeAmount(limits.patience))
            // Here and not where it is served: who has asked is not to wait for that among those who have not.
            let number = connected.arrived(channel)
            head.futureResult.whenSuccess { _ in connected.asked(number) }
            channel.closeFuture.whenComplete { _ in connected.left(number) }
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
        try await withThrowingDiscardingTaskGroup { group in
            defer { group.cancelAll() }
            for try await connection in connections {
                group.addTask { await serve(connection) }
            }
        }
    }

    private func serve(_ connection: Connection) async {
        let channel = connection.channel
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
