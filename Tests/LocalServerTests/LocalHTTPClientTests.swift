import Glibc
import LocalServer
import TestKit
import Testing

@Suite struct LocalHTTPClientTests {
    @Test func `a request is answered`() async throws {
        let routes = [
            Route("/v1/status", .report) { Response(.ok, json: $0.query) },
            Route("/v1/drain", .change) { _ in Response(.accepted, json: "later") },
        ]
        try await withUnixServer(routes) { path in
            let client = LocalHTTPClient(path: path)
            let status = try await client.ask(.get, "/v1/status?a=b", within: .seconds(60))
            #expect(status == .init(status: 200, body: Array("a=b".utf8)))
            let drain = try await client.ask(.post, "/v1/drain", within: .seconds(60))
            #expect(drain == .init(status: 202, body: Array("later".utf8)))
            let none = try await client.ask(.get, "/v2/status", within: .seconds(60))
            #expect(none.status == 404)
        }
    }

    @Test func `a body that is too long is not taken`() async throws {
        let long = Route("/", .report) { _ in Response(.ok, String(repeating: "x", count: 1 << 20))
        }
        try await withUnixServer([long]) { path in
            var client = LocalHTTPClient(path: path)
            client.bodyLimit = 1000
            let strict = client
            await #expect(throws: LocalHTTPClient.Failure.noAnswer) {
                try await strict.ask(.get, "/", within: .seconds(60))
            }
        }
    }

    @Test(arguments: [
        "/nonexistent/control.sock", "/\(String(repeating: "x", count: 200))", "/dev/null",
    ])
    func `where nobody listens that is said`(path: String) async {
        await #expect(throws: LocalHTTPClient.Failure.notRunning) {
            try await LocalHTTPClient(path: path).ask(.get, "/", within: .seconds(60))
        }
    }

    @Test(arguments: [
        #"{"messages":["no request in one line of 4096 bytes, in 5 s"],"outcome":"invalid"}"#
            + "\n",
        "hello\n", "\u{1}",
    ])
    func `a server that does not speak HTTP is told apart`(text: String) async throws {
        try await answering(text) { path in
            await #expect(throws: LocalHTTPClient.Failure.otherProtocol) {
                try await LocalHTTPClient(path: path).ask(.get, "/", within: .seconds(60))
            }
        }
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
    ])
    func `an answer that ends too early is none`(text: String) async throws {
        try await answering(text) { path in
            await #expect(throws: LocalHTTPClient.Failure.noAnswer) {
                try await LocalHTTPClient(path: path).ask(.get, "/", within: .seconds(60))
            }
        }
    }

    @Test func `a server that gives no answer is not waited for longer than was said`() async throws
    {
        let wait = Route("/", .wait) { _ in
            try? await Task.sleep(for: .seconds(600))
            return Response(.ok, "")
        }
        try await withUnixServer([wait]) { path in
            await #expect(throws: LocalHTTPClient.Failure.noAnswer) {
                try await LocalHTTPClient(path: path).ask(.get, "/", within: .milliseconds(200))
            }
        }
    }

    /// Runs `body` beside a server that answers whoever comes with a text, whatever was asked.
    private func answering(_ text: String, _ body: (String) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("old.sock")
            let server = Command(
                "/usr/bin/python3",
                [
                    "-c",
                    """
                    import socket, sys
                    server = socket.socket(socket.AF_UNIX)
                    server.bind(sys.argv[1])
                    server.listen()
                    while True:
                        client, _ = server.accept()
                        if client.recv(1000):
                            client.sendall(sys.argv[2].encode())
                            client.close()
                            break
                    """, path, text,
                ]
            )
            async let served = server.run()
            try await eventually("it listens") { (try? RawConnection(path: path)) != nil }
            try await body(path)
            #expect(try await served.status == 0)
        }
    }
}
