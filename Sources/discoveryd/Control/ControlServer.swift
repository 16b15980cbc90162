import Glibc
import Logging
import NIOCore
import NIOPosix
import Registry
import ServiceLifecycle

/// Answers on the control socket: one request and one answer for each connection.
///
/// Bounded all over, so that a client that is broken, slow or many harms only itself: so many at once, so
/// many bytes, so long for the request and for taking the answer.
struct ControlServer: Service {
    /// One connection.
    private struct Client: Sendable {
        let channel: any Channel
        /// Its first line, if it sends one.
        let lines: AsyncStream<[UInt8]>
        let peer: ControlPeer?
    }

    /// More than these are turned away: each that waits for the list takes a place.
    static let clientLimit = 64

    let path: String
    /// Has a thread for the socket's directory.
    var threads = BlockingThreads()
    /// How long a client may take for its request, and again for taking the answer. Default 5 s.
    var patience = Duration.seconds(5)
    let answer: @Sendable (ControlRequest) async -> ControlAnswer
    let generator: SeededGenerator
    let log: Logger

    /// Answers until the daemon stops. Without a socket the daemon runs all the same.
    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var backoff = Backoff(
                .init(base: .seconds(1), cap: .seconds(30)),
                generator: generator
            )
            var said: String?
            while !Task.isCancelled {
                do throws(ControlSocket.Failure) {
                    if let socket = try await bound() {
                        if said != nil { log.notice("the control socket is there") }
                        said = nil
                        backoff.reset()
                        try await listen(on: socket)
                    }
                } catch {
                    if said != error.description { log.warning("no control socket: \(error)") }
                    said = error.description
                }
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// - Returns: `nil` when the task was cancelled, or the system has no thread for it.
    private func bound() async throws(ControlSocket.Failure) -> ControlSocket? {
        let result = await threads.file(path).run(grace: .seconds(1)) { [path] in
            Result { () throws(ControlSocket.Failure) in try ControlSocket.bound(at: path) }
        }
        return try result?.get()
    }

    private func listen(on socket: ControlSocket) async throws(ControlSocket.Failure) {
        defer { socket.remove() }
        do {
            let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .childChannelOption(.maxMessagesPerRead, value: 1)
                .bind(socket.descriptor) { channel in
                    channel.eventLoop.makeCompletedFuture { try Self.client(channel) }
                }
            try await server.executeThenClose { clients in
                try await serve(clients, socketGroup: socket.group)
            }
        } catch is CancellationError {
            // The daemon stops.
        } catch {
            log.warning("the control socket is made anew: \(error)")
        }
    }

    private static func client(_ channel: any Channel) throws -> Client {
        let peer = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { ControlPeer(socket: $0) }
        let (lines, line) = AsyncStream.makeStream(
            of: [UInt8].self,
            bufferingPolicy: .bufferingOldest(1)
        )
        try channel.pipeline.syncOperations.addHandler(
            FirstLine(limit: ControlRequest.byteLimit, line: line)
        )
        return Client(channel: channel, lines: lines, peer: peer ?? nil)
    }

    private func serve(
        _ clients: NIOAsyncChannelInboundStream<Client>,
        socketGroup: gid_t
    ) async throws {
        let places = ClientPlaces(Self.clientLimit)
        try await withThrowingDiscardingTaskGroup { group in
            for try await client in clients {
                let hasPlace = places.take()
                group.addTask {
                    await serve(client, socketGroup, hasPlace: hasPlace)
                    if hasPlace { places.give() }
                }
            }
            group.cancelAll()
        }
    }

    private func serve(_ client: Client, _ socketGroup: gid_t, hasPlace: Bool) async {
        // Whoever waits for the list and goes away is not waited for.
        let departure = StopSwitch()
        client.channel.closeFuture.whenComplete { _ in departure.stop() }
        await departure.run {
            let answer =
                hasPlace
                ? await self.answer(client, socketGroup)
                : ControlAnswer(.busy, ["too many clients at once; try again"])
            await send(answer, on: client.channel)
        }
        client.channel.close(promise: nil)
    }

    private func answer(_ client: Client, _ socketGroup: gid_t) async -> ControlAnswer {
        // Throws when it is cancelled, and then nobody is left to be answered.
        let line = try? await within(patience) { await client.lines.first { _ in true } }
        guard let line = line ?? nil, let request = ControlRequest(line: line) else {
            let limit = ControlRequest.byteLimit
            return ControlAnswer(.invalid, ["no request in one line of \(limit) bytes, in 5 s"])
        }
        return await answer(to: request, from: client.peer, socketGroup)
    }

    private func answer(
        to request: ControlRequest,
        from peer: ControlPeer?,
        _ socketGroup: gid_t
    ) async -> ControlAnswer {
        if request.isChange {
            let mayChange = peer?.mayChange(as: geteuid(), socketGroup: socketGroup) ?? false
            guard mayChange else {
                return ControlAnswer(
                    .notPermitted,
                    ["only root, discoveryd's own user and members of its group may do this"]
                )
            }
            let user = peer.map { "\($0.user)" } ?? "unknown"
            log.info("asked over the control socket: \(request)", metadata: ["uid": "\(user)"])
        }
        return await answer(request)
    }

    private func send(_ answer: ControlAnswer, on channel: any Channel) async {
        let bytes = ByteBuffer(bytes: answer.line)
        // In vain when the client has gone or does not read; then it is closed.
        _ = try? await within(patience) {
            await withTaskCancellationHandler {
                try? await channel.writeAndFlush(bytes).get()
            } onCancel: {
                channel.close(promise: nil)
            }
        }
    }
}
