import Files
import Glibc
import Logging
import Machines
import NIOCore
import NIOPosix
import Registry
import ServiceLifecycle
import Synchronization

/// Answers on the control socket: one request and one answer for each connection.
///
/// Bounded all over, so that a client that is broken, slow or many harms only itself: so many at once
/// (``ClientPlaces``), so many bytes, so long for the request and for taking the answer.
struct ControlServer: Service {
    /// One connection.
    private struct Client: Sendable {
        let channel: any Channel
        /// Its first line, if it sends one.
        let lines: AsyncStream<[UInt8]>
        let peer: ControlPeer?

        /// Whose places it takes. Whom the kernel does not name is nobody.
        var user: uid_t { peer?.user ?? .max }
    }

    /// The places, shared by all clients of one socket.
    private final class Places: Sendable {
        private let places = Mutex(ClientPlaces())

        /// Takes a place for as long as `body` takes; `nil` when there is none.
        func with<Value: Sendable>(
            _ purpose: ClientPlaces.Purpose,
            for user: uid_t,
            _ body: () async -> Value
        ) async -> Value? {
            guard places.withLock({ $0.take(purpose, for: user) }) else { return nil }
            defer { places.withLock { $0.give(purpose, of: user) } }
            return await body()
        }
    }

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
                        if said != nil { log.log(.controlSocketReady) }
                        said = nil
                        backoff.reset()
                        try await listen(on: socket)
                    }
                } catch {
                    if said != error.description { log.log(.controlSocketFailed, "\(error)") }
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
            log.log(.controlSocketLost, "\(error)")
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
        let places = Places()
        try await withThrowingDiscardingTaskGroup { group in
            for try await client in clients {
                group.addTask { await serve(client, socketGroup, places) }
            }
            group.cancelAll()
        }
    }

    private func serve(_ client: Client, _ socketGroup: gid_t, _ places: Places) async {
        // Whoever waits for the list and goes away is not waited for.
        let departure = StopSwitch()
        client.channel.closeFuture.whenComplete { _ in departure.stop() }
        await departure.run {
            let asked = await places.with(.asking, for: client.user) { await request(of: client) }
            switch asked {
            case nil: await refuse(client, .asking)
            case .some(nil):
                let limit = ControlRequest.byteLimit
                let sentence = "no request in one line of \(limit) bytes, in 5 s"
                await send(ControlAnswer(.invalid, [sentence]), on: client.channel)
            case .some(.some(let request)):
                let purpose = ClientPlaces.Purpose(of: request)
                let hasPlace: Void? = await places.with(purpose, for: client.user) {
                    let answer = await answer(to: request, from: client.peer, socketGroup)
                    await send(answer, on: client.channel)
                }
                if hasPlace == nil { await refuse(client, purpose) }
            }
        }
        client.channel.close(promise: nil)
    }

    private func request(of client: Client) async -> ControlRequest? {
        // Throws when it is cancelled, and then nobody is left to be answered.
        let line = try? await within(patience) { await client.lines.first { _ in true } }
        return (line ?? nil).flatMap { ControlRequest(line: $0) }
    }

    private func refuse(_ client: Client, _ purpose: ClientPlaces.Purpose) async {
        await send(ControlAnswer(.busy, [purpose.refusal]), on: client.channel)
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
            log.info("request on the control socket: \(request)", metadata: ["uid": "\(user)"])
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
