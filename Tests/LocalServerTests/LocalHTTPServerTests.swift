import Glibc
import LocalServer
import Synchronization
import TestKit
import Testing

/// The server, and clients that mean no good.
@Suite struct LocalHTTPServerTests {
    private static let get = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let big = String(repeating: "x", count: 8 << 20)

    @Test func `a page is served and the connection closed`() async throws {
        try await withServer(Self.hello) { address in
            let answer = try await ask(address, Self.get)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("\r\nContent-Length: 5\r\n"))
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(!answer.lowercased().contains("access-control"))
            #expect(answer.hasSuffix("\r\n\r\nhello"))
        }
    }

    @Test func `HEAD has the headers and no body`() async throws {
        try await withServer(Self.hello) { address in
            let answer = try await ask(address, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(answer.contains("\r\nContent-Length: 5\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func `what is not served is refused with its status and an error in JSON`() async throws {
        try await withServer(Self.hello) { address in
            let post = "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
            let answer = try await ask(address, post)
            #expect(answer.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
            #expect(answer.contains("\r\nAllow: GET, HEAD\r\n"))
            #expect(answer.contains("\r\nContent-Type: application/json\r\n"))
            #expect(answer.contains(#"{"error":{"code":"method_not_allowed","message":"#))
            let other = try await ask(address, "GET /etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(other.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
            let rebound = try await ask(
                address,
                "GET /report HTTP/1.1\r\nHost: evil.example\r\n\r\n"
            )
            #expect(rebound.hasPrefix("HTTP/1.1 421 Misdirected Request\r\n"))
            let named = try await ask(address, "GET /report HTTP/1.1\r\nHost: localhost:1\r\n\r\n")
            #expect(named.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    /// What no decent client sends.
    struct BadRequest: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        /// The status of the answer.
        let status: String

        init(_ description: String, _ text: String, _ status: String) {
            testDescription = description
            self.text = text
            self.status = status
        }

        static let all = [
            BadRequest("TLS", "\u{16}\u{3}\u{1}\u{0}", "400"),
            BadRequest("a word", "hello\r\n\r\n", "400"),
            BadRequest("no target", "GET\r\n\r\n", "400"),
            BadRequest("a line of JSON", "{\"command\":\"status\"}\n", "400"),
            BadRequest("no such version", "GET /metrics HTTP/9.9\r\n\r\n", "400"),
            BadRequest("no Host", "GET /metrics HTTP/1.1\r\n\r\n", "400"),
            BadRequest("a long field", "\(head)X: \(long)\r\n\r\n", "431"),
            BadRequest("a long target", "GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n", "431"),
            BadRequest(
                "many fields",
                head + String(repeating: "A: b\r\n", count: 100) + "\r\n",
                "431"
            ),
            BadRequest(
                "two lengths",
                "\(head)Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "400"
            ),
            BadRequest(
                "a long body",
                "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n\(long)",
                "413"
            ),
        ]
        private static let head = "GET /metrics HTTP/1.1\r\nHost: x\r\n"
        private static let long = String(repeating: "x", count: 20_000)
    }

    @Test(arguments: BadRequest.all)
    func `what is not HTTP or too much is refused and others are served`(
        request: BadRequest
    ) async throws {
        try await withServer(Self.hello) { address in
            let answer = try await ask(address, request.text)
            #expect(answer.hasPrefix("HTTP/1.1 \(request.status) "), "\(answer.prefix(200))")
            #expect(try await ask(address, Self.get).hasSuffix("hello"))
        }
    }

    /// As curl(1) asks before it sends a large body.
    @Test func `who waits for leave to send a body is answered at once and without it`()
        async throws
    {
        var limits = LocalHTTPServer.Limits()
        limits.requestTime = .seconds(600)
        let change = Route("/change", .change) { _ in Response(.ok, "changed") }
        try await withUnixServer([change, page("/metrics", "hello")], limits) { path in
            func ask(_ method: String, _ target: String, _ fields: String...) async throws -> String
            {
                let connection = try RawConnection(path: path)
                let lines = ["\(method) \(target) HTTP/1.1", "Host: x"] + fields
                connection.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
                return try await connection.answer()
            }
            let leave = "Expect: 100-continue"
            let refused = try await ask("POST", "/change", leave, "Content-Length: 2000")
            #expect(refused.hasPrefix("HTTP/1.1 400 ") && refused.contains("not in a body"))
            let chunked = try await ask("POST", "/change", leave, "Transfer-Encoding: chunked")
            #expect(chunked.hasPrefix("HTTP/1.1 400 "))
            let large = try await ask("POST", "/change", leave, "Content-Length: 2000000")
            #expect(large.hasPrefix("HTTP/1.1 413 "))
            let empty = try await ask("POST", "/change", leave, "Content-Length: 0")
            #expect(empty.hasPrefix("HTTP/1.1 200 ") && empty.hasSuffix("changed"))
            let read = try await ask("GET", "/metrics", "Expect: 100-Continue", "Content-Length: 9")
            #expect(read.hasPrefix("HTTP/1.1 200 ") && read.hasSuffix("hello"))
            let other = try await ask("GET", "/metrics", "Expect: the-best")
            #expect(other.hasPrefix("HTTP/1.1 417 "))
        }
    }

    @Test func `a big page arrives whole at a slow reader`() async throws {
        try await withServer([page("/metrics", Self.big)]) { address in
            let answer = try await ask(address, Self.get)
            #expect(answer.utf8.count > Self.big.utf8.count)
        }
    }

    @Test func `who has nothing more to say is still answered`() async throws {
        try await withServer(Self.hello) { address in
            let connection = try RawConnection(address)
            connection.send(Self.get)
            connection.finish()
            #expect(try await connection.answer().hasSuffix("hello"))
        }
    }

    @Test func `who ends in the middle of a request is not answered`() async throws {
        try await withServer(Self.hello) { address in
            let connection = try RawConnection(address)
            connection.send("GET /met")
            connection.finish()
            #expect(try await !connection.answer().contains("200"))
        }
    }

    @Test func `a second request in the same breath is not served`() async throws {
        try await withServer(Self.hello) { address in
            let answer = try await ask(address, Self.get + Self.get)
            #expect(answer.split(separator: "hello", omittingEmptySubsequences: false).count == 2)
        }
    }

    @Test func `silent clients are told that their time is up and the next is served`() async throws
    {
        var limits = LocalHTTPServer.Limits()
        limits.requestTime = .milliseconds(300)
        try await withServer(Self.hello, limits) { address in
            let silent = try (0..<5).map { _ in try RawConnection(address) }
            silent[0].send("GET /met")
            for connection in silent {
                #expect(try await connection.answer().hasPrefix("HTTP/1.1 408 "))
            }
            #expect(try await ask(address, Self.get).hasSuffix("hello"))
        }
    }

    @Test func `slow clients as many as they may be keep nobody waiting`() async throws {
        var limits = LocalHTTPServer.Limits()
        limits.places.asking = 16
        limits.places.reading = 16
        // Nothing gets better by itself.
        limits.requestTime = .seconds(600)
        limits.answerTime = .seconds(600)
        let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        let routes = [page("/metrics", Self.big), page("/", "hello")]
        try await withServer(routes, limits) { address in
            // Some send half a request, some do not read their answer.
            var slow: [RawConnection] = []
            for number in 0..<96 {
                let connection = try RawConnection(address)
                connection.send(number.isMultiple(of: 3) ? Self.get : "GET /met")
                slow.append(connection)
                if number % 12 == 0 { try await served(address, get) }
            }
            for _ in 0..<20 { try await served(address, get) }
            withExtendedLifetime(slow) {}
        }
    }

    @Test func `a page that takes too long is given up`() async throws {
        var limits = LocalHTTPServer.Limits()
        limits.reportTime = .milliseconds(100)
        let slow = Route("/metrics", .page) { _ in
            // Until it is cancelled.
            try? await Task.sleep(for: .seconds(600))
            return Response(.ok, "late")
        }
        try await withServer([slow], limits) { address in
            let answer = try await ask(address, Self.get)
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
        }
    }

    @Test func `a client that does not read its answer is cut off`() async throws {
        var limits = LocalHTTPServer.Limits()
        limits.answerTime = .seconds(1)
        let large = String(repeating: "a", count: 32 << 20)
        try await withUnixServer([page("/metrics", large), page("/", "hello")], limits) { path in
            let lazy = try RawConnection(path: path)
            lazy.send(Self.get)
            #expect(
                try await ask(.unix(path: path), "GET / HTTP/1.0\r\n\r\n").hasSuffix("hello")
            )
            // What it reads in the end is not all.
            try await eventually("given up") { lazy.hasHungUp }
            #expect(try await lazy.answer().utf8.count < large.utf8.count)
        }
    }

    @Test func `the end comes at once whoever is still connected`() async throws {
        var limits = LocalHTTPServer.Limits()
        limits.requestTime = .seconds(600)
        let silent = Mutex<[RawConnection]>([])
        let began = ContinuousClock.now
        try await withServer(Self.hello, limits) { address in
            for _ in 0..<20 {
                let connection = try RawConnection(address)
                silent.withLock { $0.append(connection) }
            }
        }
        // Not the ten minutes that each of them has.
        #expect(ContinuousClock.now - began < .seconds(120))
    }

    @Test func `an address in use is said with the remedy`() async throws {
        try await withServer(Self.hello) { address in
            // SO_REUSEADDR lets one bind beside a listener that has not begun; who listens is found out then.
            let error = #expect(throws: ListenError.self) { try BoundSocket.bind(to: address) }
            #expect(error?.code == .inUse)
            #expect(
                error?.message.hasPrefix("cannot listen at \(address): another program") == true
            )
        }
    }

    @Test func `a socket that is in use is not taken away`() async throws {
        try await withUnixServer(Self.hello) { path in
            let error = #expect(throws: ListenError.self) {
                try BoundSocket.bind(to: .unix(path: path))
            }
            #expect(error?.code == .inUse)
            let answer = try await ask(.unix(path: path), Self.get)
            #expect(answer.hasSuffix("hello"))
        }
    }

    // MARK: the unix socket

    @Test func `the peer is named by the kernel`() async throws {
        let route = Route("/who", .change) { request in
            Response(.ok, "\(request.peer?.process ?? 0) \(request.peer?.user ?? .max)")
        }
        try await withUnixServer([route]) { path in
            let answer = try await ask(.unix(path: path), post("/who"))
            #expect(answer.hasSuffix("\r\n\r\n\(getpid()) \(geteuid())"))
        }
    }

    @Test func `whoever hangs up while it waits is not waited for`() async throws {
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        let (ended, ends) = AsyncStream.makeStream(of: Bool.self)
        let route = Route("/wait", .wait) { _ in
            begins.yield()
            try? await Task.sleep(for: .seconds(600))
            ends.yield(Task.isCancelled)
            return Response(.ok, "")
        }
        try await withUnixServer([route]) { path in
            do {
                let connection = try RawConnection(path: path)
                connection.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
                for await _ in begun { break }
                withExtendedLifetime(connection) {}
            }
            #expect(await ended.first { _ in true } == true)
        }
    }

    @Test func `whoever only has nothing more to say is waited for`() async throws {
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        let (goOn, goesOn) = AsyncStream.makeStream(of: Void.self)
        let route = Route("/wait", .wait) { _ in
            begins.yield()
            for await _ in goOn { break }
            return Response(.ok, Task.isCancelled ? "cancelled" : "hello")
        }
        try await withUnixServer([route]) { path in
            let connection = try RawConnection(path: path)
            connection.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            for await _ in begun { break }
            connection.finish()
            // Served after the server has seen that nothing more comes.
            #expect(try await ask(.unix(path: path), "GET / HTTP/1.0\r\n\r\n").contains(" 404 "))
            goesOn.yield()
            #expect(try await connection.answer().hasSuffix("hello"))
        }
    }

    @Test func `a hundred that wait for a day take no place of anybody else`() async throws {
        let wait = Route("/wait", .wait, busy: "too many wait") { _ in
            // Until the client goes.
            try? await Task.sleep(for: .seconds(86400))
            return Response(.ok, "")
        }
        let change = Route("/change", .change) { _ in Response(.ok, "changed") }
        try await withUnixServer([wait, change] + Self.hello) { path in
            let get = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
            let waiting = try (0..<100).map { _ in
                let connection = try RawConnection(path: path)
                connection.send(get)
                return connection
            }
            // Those for whom there is no place are told at once. One that asks when too many do may be closed before.
            try await eventually("all others are told") {
                waiting.count { $0.isClosed } == 100 - LocalHTTPServer.Limits.Places().waiting
            }
            let told = waiting.filter { $0.text.hasPrefix("HTTP/1.1 503 ") }
            #expect(told.allSatisfy { $0.text.contains("\r\nRetry-After: 1\r\n") } && !told.isEmpty)
            #expect(try await ask(.unix(path: path), post("/change")).hasSuffix("changed"))
            #expect(try await ask(.unix(path: path), Self.get).hasSuffix("hello"))
            let late = try await ask(.unix(path: path), get)
            #expect(late.contains(#"{"error":{"code":"busy","message":"too many wait"}}"#))
        }
    }

    @Test func `a flood of silent clients keeps nobody from changing anything`() async throws {
        var limits = LocalHTTPServer.Limits()
        limits.requestTime = .seconds(600)
        let change = Route("/change", .change) { _ in Response(.ok, "hello") }
        try await withUnixServer([change], limits) { path in
            var silent: [RawConnection] = []
            for number in 0..<300 {
                silent.append(try RawConnection(path: path))
                if number % 100 == 99 {
                    let change = post("/change")
                    try await served(.unix(path: path), change)
                }
            }
            try await eventually("the oldest are closed") {
                silent.count { !$0.isClosed } <= LocalHTTPServer.Limits.Places().asking
            }
        }
    }

    @Test func `a change that is under way is not cut off by others`() async throws {
        var limits = LocalHTTPServer.Limits()
        limits.places.change = 2
        let (goOn, goesOn) = AsyncStream.makeStream(of: Void.self)
        let began = Mutex(0)
        let change = Route("/change", .change) { _ in
            began.withLock { $0 += 1 }
            for await _ in goOn { break }
            return Response(.ok, "hello")
        }
        try await withUnixServer([change], limits) { path in
            let connections = try (0..<2).map { _ in try RawConnection(path: path) }
            for connection in connections { connection.send(post("/change")) }
            try await eventually("both are under way") { began.withLock { $0 } == 2 }
            for _ in 0..<20 {
                #expect(
                    try await ask(.unix(path: path), post("/change")).hasPrefix("HTTP/1.1 503 ")
                )
            }
            goesOn.finish()
            for connection in connections {
                #expect(try await connection.answer().hasSuffix("hello"))
            }
        }
    }

    @Test func `what is answered when the server ends is sent`() async throws {
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        let wait = Route("/wait", .wait) { _ in
            begins.yield()
            try? await Task.sleep(for: .seconds(600))
            return Response(.gatewayTimeout, "not yet")
        }
        let waiting = Mutex<RawConnection?>(nil)
        try await withUnixServer([wait]) { path in
            let connection = try RawConnection(path: path)
            connection.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            waiting.withLock { $0 = connection }
            for await _ in begun { break }
        }
        let connection = try #require(waiting.withLock { $0 })
        #expect(try await connection.answer().hasSuffix("not yet"))
    }

    @Test func `a client of another protocol is answered in it`() async throws {
        let other = LocalHTTPServer.OtherProtocol(
            firstByte: UInt8(ascii: "{"),
            answer: Array("no\n".utf8)
        )
        try await withUnixServer(Self.hello, otherProtocol: other) { path in
            let line = try await ask(.unix(path: path), "{\"command\":\"status\"}\n")
            #expect(line == "no\n")
            let begun = try await ask(.unix(path: path), "{")
            #expect(begun == "no\n")
            let page = try await ask(.unix(path: path), Self.get)
            #expect(page.hasSuffix("hello"))
        }
    }

    // MARK: parts

    private static let hello = [
        Route("/metrics", .page) { _ in Response(.ok, "hello") },
        Route("/report", .report) { _ in Response(.ok, json: "{}") },
    ]

    private func page(_ path: String, _ text: String) -> Route {
        Route(path, .page) { _ in Response(.ok, text) }
    }

    private func post(_ path: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    }

    /// Asks until it is answered: of some that come in the same instant any may be taken for the oldest.
    private func served(_ address: ListenAddress, _ text: String) async throws {
        try await eventually("it is served") { try await ask(address, text).hasSuffix("hello") }
    }

    private func ask(_ address: ListenAddress, _ text: String) async throws -> String {
        let connection = try RawConnection(address)
        connection.send(text)
        return try await connection.answer(within: .seconds(60))
    }
}
