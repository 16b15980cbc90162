import Foundation
import TestKit

/// A real web server of another make: Python's, over TCP or TLS, on a free loopback port.
///
/// It answers by path; see the script.
struct Server: Sendable {
    let port: UInt16

    /// Runs `body` beside a server and ends it afterwards.
    ///
    /// - Parameter certificate: Its certificate and key, for TLS.
    static func with(
        certificate: Certificate? = nil,
        _ body: @escaping @Sendable (Server) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("server.py", script)
            let files = certificate.map { [$0.file, $0.key] } ?? []
            let process = try ChildProcess(
                "/usr/bin/python3",
                [directory.file("server.py"), directory.file("port")] + files,
                errors: directory.file("errors")
            )
            defer { process.kill() }
            var port: UInt16?
            try await eventually("python3 listens; \(directory.read("errors") ?? "")") {
                port = directory.read("port").flatMap { UInt16($0) }
                return port != nil
            }
            try await body(Server(port: port ?? 0))
        }
    }

    private static let script = #"""
        import http.server, os, ssl, sys, time

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                status, headers, body = 200, {}, b"all is ok\n"
                if self.path.startswith("/status/"):
                    status = int(self.path.split("/")[2])
                elif self.path == "/echo":
                    body = (self.command + " " + self.path + "\n" + str(self.headers)).encode()
                elif self.path == "/early":
                    body = b"needle" + b"x" * 1000000
                elif self.path == "/late":
                    body = b"x" * 1000000 + b"needle"
                elif self.path == "/hang":
                    time.sleep(600)
                elif self.path == "/cut":
                    headers["Content-Length"] = "1000"
                elif self.path == "/headers":
                    headers = {"X-%d" % i: "x" * 1000 for i in range(100)}
                elif self.path == "/escape":
                    body = b"\x1b[31mred\nline"
                headers.setdefault("Content-Length", str(len(body)))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)
                self.close_connection = True

            do_GET = do_HEAD = do_OPTIONS = do_PURGE = answer

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            def handle_error(self, request, address):
                pass

        server = Server(("127.0.0.1", 0), Handler)
        if len(sys.argv) > 2:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[2], sys.argv[3])
            server.socket = context.wrap_socket(server.socket, server_side=True,
                                                do_handshake_on_connect=False)
        with open(sys.argv[1] + ".new", "w") as file:
            file.write(str(server.server_address[1]))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        server.serve_forever()
        """#
}
