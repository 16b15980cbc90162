import Metrics
import Synchronization
import TestKit
import Testing

@Suite struct MetricsServerTests {
    private static let get = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func aPageIsServedAndTheConnectionClosed() async throws {
        try await with { port in
            let answer = try await ask(port, Self.get)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("\r\nContent-Length: 5\r\n"))
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nhello"))
        }
    }

    @Test func headHasTheHeadersAndNoBody() async throws {
        try await with { port in
            let answer = try await ask(port, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(answer.contains("\r\nContent-Length: 5\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func nothingButReadingIsServed() async throws {
        try await with { port in
            let post = "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
            let answer = try await ask(port, post)
            #expect(answer.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
            #expect(answer.contains("\r\nAllow: GET, HEAD\r\n"))
            let other = try await ask(port, "GET /etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(other.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
        }
    }

    @Test(arguments: [
        "\u{16}\u{3}\u{1}\u{0}", "hello\r\n\r\n", "GET\r\n\r\n", "GET /metrics HTTP/9.9\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n",
        "GET /\(String(repeating: "x", count: 20_000)) HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /metrics HTTP/1.1\r\n\(String(repeating: "A: b\r\n", count: 100))\r\n",
        "GET /metrics HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ])
    func whatIsNotHTTPOrTooMuchIsRefusedAndOthersAreServed(text: String) async throws {
        try await with { port in
            let connection = try RawConnection(port: port)
            connection.send(text)
            let answer = try await connection.answer()
            #expect(!answer.contains("200 OK"))
            #expect(try await ask(port, Self.get).hasSuffix("hello"))
        }
    }

    @Test func aBigPageArrivesWholeAtASlowReader() async throws {
        let big = String(repeating: "x", count: 8 << 20)
        try await with(pages: Pages(["/metrics": { PageAnswer(.ok, big) }])) { port in
            let connection = try RawConnection(port: port)
            connection.send(Self.get)
            #expect(try await connection.answer().utf8.count > big.utf8.count)
        }
    }

    @Test func whoHasNothingMoreToSayIsStillAnswered() async throws {
        try await with { port in
            let connection = try RawConnection(port: port)
            connection.send(Self.get)
            connection.finish()
            #expect(try await connection.answer().hasSuffix("hello"))
        }
    }

    @Test func aSecondRequestInTheSameBreathIsNotServed() async throws {
        try await with { port in
            let answer = try await ask(port, Self.get + Self.get)
            #expect(answer.split(separator: "hello", omittingEmptySubsequences: false).count == 2)
        }
    }

    @Test func silentClientsAreCutOffAndThenTheNextIsServed() async throws {
        var limits = MetricsServer.Limits()
        limits.connections = 2
        limits.patience = .milliseconds(300)
        try await with(limits) { port in
            let silent = try (0..<5).map { _ in try RawConnection(port: port) }
            silent[0].send("GET /met")
            try await served(port, Self.get)
            for connection in silent {
                #expect(try await !connection.answer().contains("200 OK"))
            }
        }
    }

    @Test func slowClientsAsManyAsTheyMayBeKeepNobodyWaiting() async throws {
        var limits = MetricsServer.Limits()
        limits.connections = 16
        // Nothing gets better by itself.
        limits.patience = .seconds(600)
        let big = String(repeating: "x", count: 8 << 20)
        let pages = Pages(["/metrics": { PageAnswer(.ok, big) }, "/": { PageAnswer(.ok, "hello") }])
        let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        try await with(limits, pages: pages) { port in
            // Some send half a request, some do not read their answer.
            var slow: [RawConnection] = []
            for number in 0..<96 {
                let connection = try RawConnection(port: port)
                connection.send(number.isMultiple(of: 3) ? Self.get : "GET /met")
                slow.append(connection)
                if number % 12 == 0 { try await served(port, get) }
            }
            for _ in 0..<20 { try await served(port, get) }
            withExtendedLifetime(slow) {}
        }
    }

    @Test func aPageThatTakesTooLongIsCutOff() async throws {
        var limits = MetricsServer.Limits()
        limits.patience = .milliseconds(100)
        let slow = Pages([
            "/metrics": {
                try? await Task.sleep(for: .seconds(1))
                return PageAnswer(.ok, "late")
            }
        ])
        try await with(limits, pages: slow) { port in
            let answer = try await ask(port, Self.get)
            #expect(answer.isEmpty)
        }
    }

    @Test func aClientThatReadsNothingIsCutOff() async throws {
        var limits = MetricsServer.Limits()
        limits.connections = 1
        limits.patience = .seconds(3)
        let big = String(repeating: "x", count: 32 << 20)
        let pages = Pages(["/metrics": { PageAnswer(.ok, big) }, "/": { PageAnswer(.ok, "hello") }])
        try await with(limits, pages: pages) { port in
            let lazy = try RawConnection(port: port)
            lazy.send(Self.get)
            try await served(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        }
    }

    @Test func theEndComesAtOnceWhoeverIsStillConnected() async throws {
        var limits = MetricsServer.Limits()
        limits.connections = 2
        limits.patience = .seconds(600)
        let silent = Mutex<[RawConnection]>([])
        let began = ContinuousClock.now
        try await with(limits) { port in
            for _ in 0..<20 {
                let connection = try RawConnection(port: port)
                silent.withLock { $0.append(connection) }
            }
        }
        // Not the ten minutes that each of them has.
        #expect(ContinuousClock.now - began < .seconds(120))
    }

    @Test func aUnixSocketIsServedReplacesAnOldOneAndIsGoneAtTheEnd() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("metrics.sock")
            // The second run finds what a killed one would have left.
            for _ in 0..<2 {
                try await run(.unix(path: path), pages: Self.hello) { _ in
                    let connection = try RawConnection(path: path)
                    connection.send(Self.get)
                    #expect(try await connection.answer().hasSuffix("hello"))
                }
                #expect(directory.names.isEmpty)
            }
        }
    }

    @Test func anAddressInUseIsSaidWithTheRemedy() async throws {
        try await with { port in
            let second = MetricsServer(at: .tcp(host: "127.0.0.1", port: port), pages: Self.hello)
            let error = await #expect(throws: ListenError.self) { try await second.run() }
            #expect(error?.code == .inUse)
            #expect(error?.message.hasPrefix("cannot listen at 127.0.0.1:\(port): ") == true)
        }
    }

    @Test func aDirectoryThatDoesNotExistIsSaid() async throws {
        let server = MetricsServer(at: .unix(path: "/nonexistent/x.sock"), pages: Self.hello)
        let error = await #expect(throws: ListenError.self) { try await server.run() }
        #expect(error?.code == .noSuchPlace)
    }

    // MARK: parts

    private static let hello = Pages(["/metrics": { PageAnswer(.ok, "hello") }])

    /// Asks until it is answered: of some that come in the same instant any may be taken for the oldest.
    private func served(_ port: Int, _ text: String) async throws {
        try await eventually("it is served") { try await ask(port, text).hasSuffix("hello") }
    }

    private func ask(_ port: Int, _ text: String) async throws -> String {
        let connection = try RawConnection(port: port)
        connection.send(text)
        return try await connection.answer()
    }

    private func with(
        _ limits: MetricsServer.Limits = .init(),
        pages: Pages = hello,
        _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        try await run(.tcp(host: "127.0.0.1", port: 0), limits, pages: pages) { address in
            guard case .tcp(_, let port) = address else { return }
            try await body(port)
        }
    }

    /// Runs `body` beside a server, which must end when it is cancelled.
    private func run(
        _ address: ListenAddress,
        _ limits: MetricsServer.Limits = .init(),
        pages: Pages,
        _ body: @escaping @Sendable (ListenAddress) async throws -> Void
    ) async throws {
        let (listening, listens) = AsyncStream.makeStream(of: ListenAddress.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { listens.finish() }
                try await MetricsServer(at: address, pages: pages, limits: limits).run {
                    listens.yield($0)
                }
            }
            var bound: ListenAddress?
            for await address in listening {
                bound = address
                break
            }
            if let bound { try await body(bound) }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
