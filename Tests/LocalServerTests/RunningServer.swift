import Glibc
import LocalServer
import TestKit
import Testing

/// Runs `body` beside a server, which must end when it is cancelled.
func withServer(
    _ routes: [Route],
    at address: ListenAddress = .tcp(host: "127.0.0.1", port: 0),
    scope: LocalHTTPServer.Scope = .everything,
    _ limits: LocalHTTPServer.Limits = .init(),
    otherProtocol: LocalHTTPServer.OtherProtocol? = nil,
    _ body: @escaping @Sendable (ListenAddress) async throws -> Void
) async throws {
    let socket = try BoundSocket.bind(to: address, mode: 0o660)
    let server = LocalHTTPServer(routes, scope: scope, limits: limits, otherProtocol: otherProtocol)
    let (listening, listens) = AsyncStream.makeStream(of: ListenAddress.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { listens.finish() }
            try await server.run(on: socket) { listens.yield($0) }
        }
        guard let bound = await listening.first(where: { _ in true }) else {
            throw DidNotHappen(description: "the server listens")
        }
        try await body(bound)
        group.cancelAll()
        try await group.waitForAll()
    }
}

/// Runs `body` beside a server at a unix socket, with the socket's path.
func withUnixServer(
    _ routes: [Route],
    scope: LocalHTTPServer.Scope = .everything,
    _ limits: LocalHTTPServer.Limits = .init(),
    otherProtocol: LocalHTTPServer.OtherProtocol? = nil,
    _ body: @escaping @Sendable (String) async throws -> Void
) async throws {
    try await TemporaryDirectory.with { directory in
        let path = directory.file("control.sock")
        try await withServer(
            routes,
            at: .unix(path: path),
            scope: scope,
            limits,
            otherProtocol: otherProtocol
        ) { _ in try await body(path) }
        #expect(directory.names.isEmpty)
    }
}

extension RawConnection {
    /// A connection to where a server listens.
    convenience init(_ address: ListenAddress) throws {
        switch address {
        case .tcp(_, let port): try self.init(port: port)
        case .unix(let path): try self.init(path: path)
        }
    }
}
