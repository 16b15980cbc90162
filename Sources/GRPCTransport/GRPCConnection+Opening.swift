import Machines
package import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL
package import Network
package import Texts

extension GRPCConnection {
    /// Connects to a server, until it has said its first word of HTTP/2: a stopped process still accepts TCP, its
    /// kernel does.
    ///
    /// The addresses of a name are tried one after the other, each a quarter of a second after the one before it or
    /// at once when that has failed, and the first that answers is used (Happy Eyeballs, RFC 8305).
    ///
    /// - Parameter limit: How long all of it may take.
    /// - Throws: ``ConnectionError``: that of the last address. `CancellationError`; nothing stays open then.
    package static func open(
        to host: HostAddress,
        port: UInt16,
        settings: Settings,
        within limit: Duration,
        names: NameLookup,
        on loop: any EventLoop
    ) async throws -> GRPCConnection {
        let deadline = ContinuousClock.now + limit
        let addresses = try await addresses(of: host, names, within: limit)
        @Sendable func open(_ host: HostAddress) async throws -> GRPCConnection {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw ConnectionError.timedOut(limit) }
            return try await self.open(
                SocketAddress(ipAddress: host.text, port: Int(port)),
                settings,
                within: left,
                on: loop
            )
        }
        if addresses.count == 1 { return try await open(addresses[0]) }
        return try await race(addresses, open)
    }

    private static func addresses(
        of host: HostAddress,
        _ names: NameLookup,
        within limit: Duration
    ) async throws -> [HostAddress] {
        guard host.family == .name else { return [host] }
        let name = host.text
        do {
            let found = try await Machines.within(limit) { try await names.addresses(of: name) }
            guard let found else {
                throw ConnectionError.nameUnknown(name, "no name server answered in time")
            }
            return interleaved(found)
        } catch let error as NameLookup.Failure {
            switch error {
            case .unknown(let words): throw ConnectionError.nameUnknown(name, words)
            case .cancelled: throw CancellationError()
            }
        }
    }

    /// Takes turns between the families, beginning with the one that the system prefers (RFC 8305 §4).
    static func interleaved(_ addresses: [HostAddress]) -> [HostAddress] {
        let preferred = addresses.filter { $0.family == addresses.first?.family }
        let others = addresses.filter { $0.family != addresses.first?.family }
        let pairs = (0..<max(preferred.count, others.count)).map { index in
            [preferred, others].compactMap { index < $0.count ? $0[index] : nil }
        }
        return Array(pairs.joined())
    }

    /// RFC 8305 §5, "Connection Attempt Delay".
    private static let attemptDelay = Duration.milliseconds(250)

    private enum Turn: Sendable {
        case opened(GRPCConnection)
        case failed(any Error)
        /// The attempt of that number has had its time alone.
        case isLate(Int)
    }

    static func race(
        _ addresses: [HostAddress],
        _ open: @escaping @Sendable (HostAddress) async throws -> GRPCConnection
    ) async throws -> GRPCConnection {
        try await withTaskGroup(of: Turn.self) { group in
            let winner = await first(of: addresses, in: &group, open)
            group.cancelAll()
            // One that came second, or after a cancellation, is not left open.
            for await turn in group {
                if case .opened(let other) = turn { other.close() }
            }
            return winner
        }
        .get()
    }

    private static func first(
        of addresses: [HostAddress],
        in group: inout TaskGroup<Turn>,
        _ open: @escaping @Sendable (HostAddress) async throws -> GRPCConnection
    ) async -> Result<GRPCConnection, any Error> {
        var (begun, running) = (0, 0)
        func begin(in group: inout TaskGroup<Turn>) {
            guard begun < addresses.count else { return }
            let (address, number) = (addresses[begun], begun + 1)
            (begun, running) = (number, running + 1)
            group.addTask {
                do {
                    return .opened(try await open(address))
                } catch {
                    return .failed(error)
                }
            }
            guard number < addresses.count else { return }
            group.addTask {
                // Cancelled: one has opened, or nobody waits.
                try? await Task.sleep(for: attemptDelay)
                return .isLate(number)
            }
        }
        begin(in: &group)
        while let turn = await group.next() {
            switch turn {
            case .opened(let connection): return .success(connection)
            case .failed(let error):
                running -= 1
                if begun == addresses.count, running == 0 { return .failure(error) }
                if Task.isCancelled { return .failure(CancellationError()) }
                begin(in: &group)
            case .isLate(let number):
                if Task.isCancelled { return .failure(CancellationError()) }
                if number == begun { begin(in: &group) }
            }
        }
        return .failure(CancellationError())
    }

    private static func open(
        _ address: SocketAddress,
        _ settings: Settings,
        within limit: Duration,
        on loop: any EventLoop
    ) async throws -> GRPCConnection {
        let attempt = ConnectAttempt()
        do {
            return try await withTaskCancellationHandler {
                try await begin(address, settings, within: limit, on: loop, attempt)
                    .get()
            } onCancel: {
                attempt.giveUp()
            }
        } catch {
            throw Task.isCancelled ? CancellationError() : error
        }
    }

    private static func begin(
        _ address: SocketAddress,
        _ settings: Settings,
        within limit: Duration,
        on loop: any EventLoop,
        _ attempt: ConnectAttempt
    ) -> EventLoopFuture<GRPCConnection> {
        loop.flatSubmit {
            let handler = ConnectionHandler(
                on: loop,
                limit: limit,
                keepalive: (settings.pingInterval, settings.pingTimeout)
            )
            let bound = NIOLoopBound(handler, eventLoop: loop)
            let connection = GRPCConnection(
                bound,
                on: loop,
                closed: handler.closed.futureResult,
                settings: settings,
                peer: "\(address)"
            )
            attempt.began { connection.close() }
            ClientBootstrap(group: loop)
                .connectTimeout(TimeAmount(limit))
                // NIOHTTP2 copies a whole buffer for each small answer after a large one.
                .channelOption(
                    .recvAllocator,
                    value: AdaptiveRecvByteBufferAllocator(
                        minimum: 1024,
                        initial: 4096,
                        maximum: 32 * 1024
                    )
                )
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try install(bound.value, on: channel, settings)
                    }
                }
                .connect(to: address)
                .whenFailure { error in
                    let isTimeout =
                        if case ChannelError.connectTimeout = error { true } else { false }
                    bound.value.end(isTimeout ? .timedOut(limit) : .socket(error))
                }
            return handler.greeted.futureResult.map { connection }
        }
    }

    private static func install(
        _ handler: ConnectionHandler,
        on channel: any Channel,
        _ settings: Settings
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        let isTLS = settings.security != nil
        try pipeline.addHandler(FirstByte(isTLS: isTLS) { handler.end(.mismatch($0)) })
        if let security = settings.security {
            try pipeline.addHandler(
                NIOSSLClientHandler(context: security.context, serverHostname: security.serverName)
            )
        }
        try pipeline.addHandler(
            NIOHTTP2Handler(mode: .client, connectionConfiguration: http2(settings))
        )
        try pipeline.addHandler(handler)
    }

    private static func http2(_ settings: Settings) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 16 * 1024),
        ]
        configuration.controlFrameRateLimit.maximumCount = settings.controlFrames.count
        configuration.controlFrameRateLimit.windowLength = TimeAmount(settings.controlFrames.window)
        // Frames may still come on streams that were given up.
        configuration.maximumRecentlyResetStreams = 128
        // Some proxies send more than one.
        configuration.maximumSequentialEmptyDataFrames = 10
        return configuration
    }
}
