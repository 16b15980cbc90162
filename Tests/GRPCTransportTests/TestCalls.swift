import GRPCCore
import NIOCore
import Network
import Texts

@testable import GRPCTransport

/// Messages that are bytes.
struct BytesSerializer: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
        Bytes(message)
    }
}

struct BytesDeserializer: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
        bytes.withUnsafeBytes { Array($0) }
    }
}

/// A server on loopback, and the event loop for connections to it.
protocol LoopbackServer: Sendable {
    var port: UInt16 { get }
    var loop: any EventLoop { get }
}

/// Opens a connection to a server on loopback and runs `body` with it.
func withConnection<Value: Sendable>(
    to server: any LoopbackServer,
    pings: (interval: Duration, timeout: Duration) = (.seconds(60), .seconds(60)),
    controlFrames: Int = 10_000,
    within limit: Duration = .seconds(10),
    _ body: @escaping @Sendable (GRPCConnection, GRPCClient<GRPCConnection>) async throws -> Value
) async throws -> Value {
    let connection = try await openConnection(
        to: server,
        pings: pings,
        controlFrames: controlFrames,
        within: limit
    )
    defer { connection.close() }
    return try await body(connection, GRPCClient(transport: connection))
}

func openConnection(
    to server: any LoopbackServer,
    pings: (interval: Duration, timeout: Duration) = (.seconds(60), .seconds(60)),
    controlFrames: Int = 10_000,
    within limit: Duration = .seconds(10)
) async throws -> GRPCConnection {
    var settings = GRPCConnection.Settings(
        security: nil,
        authority: "server.test",
        pingInterval: pings.interval,
        pingTimeout: pings.timeout
    )
    if controlFrames < settings.controlFrames.count {
        settings.controlFrames = (controlFrames, .seconds(600))
    }
    guard let loopback = HostAddress("127.0.0.1") else { throw CancellationError() }
    return try await GRPCConnection.open(
        to: loopback,
        port: server.port,
        settings: settings,
        within: limit,
        names: NameLookup(),
        on: server.loop
    )
}

extension GRPCClient<GRPCConnection> {
    /// One question, one answer.
    func ask(
        _ message: [UInt8],
        metadata: Metadata = [:],
        timeout: Duration? = .seconds(30),
        limit: Int? = nil
    ) async throws -> [UInt8] {
        var options = CallOptions.defaults
        options.timeout = timeout
        options.maxResponseMessageBytes = limit
        return try await unary(
            request: ClientRequest(message: message, metadata: metadata),
            descriptor: MethodDescriptor(
                service: ServiceDescriptor(fullyQualifiedService: "test.Service"),
                method: "Ask",
                type: .unary
            ),
            serializer: BytesSerializer(),
            deserializer: BytesDeserializer(),
            options: options
        ) { try $0.message }
    }

    /// Messages in both directions.
    func talk<Value: Sendable>(
        _ write: @escaping @Sendable (RPCWriter<[UInt8]>) async throws -> Void,
        timeout: Duration? = nil,
        _ read: @escaping @Sendable (StreamingClientResponse<[UInt8]>) async throws -> Value
    ) async throws -> Value {
        var options = CallOptions.defaults
        options.timeout = timeout
        return try await bidirectionalStreaming(
            request: StreamingClientRequest(producer: write),
            descriptor: MethodDescriptor(
                service: ServiceDescriptor(fullyQualifiedService: "test.Service"),
                method: "Talk",
                type: .bidirectionalStreaming
            ),
            serializer: BytesSerializer(),
            deserializer: BytesDeserializer(),
            options: options,
            onResponse: read
        )
    }
}

/// What a call returned; `nil` when it threw.
func answer<Value>(_ call: () async throws -> Value) async -> Value? { try? await call() }

/// What a call threw.
func failure<Value>(_ body: () async throws -> Value) async -> RPCError? {
    do {
        _ = try await body()
        return nil
    } catch let error as RPCError {
        return error
    } catch {
        return RPCError(code: .unknown, message: "another error: \(error)")
    }
}

/// What an attempt to connect threw, or how a connection ended, in short.
func name(_ error: any Error) -> String {
    guard let error = error as? ConnectionError else { return "\(error)" }
    return switch error {
    case .timedOut: "timedOut"
    case .nameUnknown: "nameUnknown"
    case .socket: "socket"
    case .tls: "tls"
    case .mismatch(let mismatch): "\(mismatch)"
    case .http2: "http2"
    case .goAway(let code, let words): "goAway \(code) \(words)"
    case .pingTimedOut: "pingTimedOut"
    case .closedByServer: "closedByServer"
    case .closedHere: "closedHere"
    }
}
