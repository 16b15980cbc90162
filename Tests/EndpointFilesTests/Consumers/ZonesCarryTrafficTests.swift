import EndpointFiles
import Glibc
import Registry
import TestKit
import Testing

/// Where the traffic of real proxies goes when a zone is preferred: to that zone; to all servers of the others when
/// those of the zone do not answer, before etcd tells of it; and to them when the list has nobody in the zone.
@Suite struct ZonesCarryTrafficTests {
    private let preference = ZonePreference(zones: ["a"])

    @Test func `HAProxy prefers a zone, and balances over all backups without it`() async throws {
        try await Answering.with { mine, others, end in
            try await TemporaryDirectory.with { directory in
                for (zones, isEnded) in [([mine, others], true), ([[], others], false)] {
                    let list = try directory.write("list.cfg", try text(.haproxy(), zones))
                    let base = try directory.write("haproxy.cfg", haproxy(directory))
                    let haproxy = try ChildProcess(
                        Consumer.haproxy.path(),
                        ["-db", "-f", base, "-f", list],
                        errors: directory.file("log")
                    )
                    defer { haproxy.kill() }
                    try await expect(zones, at: directory.file("in"), end: isEnded ? end : nil) {
                        "\(haproxy.status ?? 0) \(directory.read("log") ?? "")"
                    }
                }
            }
        }
    }

    @Test func `nginx prefers a zone, and balances over all backups without it`() async throws {
        try await Answering.with { mine, others, end in
            for (zones, isEnded) in [([mine, others], true), ([[], others], false)] {
                try await TemporaryDirectory.with { directory in
                    try directory.write("list.conf", try text(.nginx, zones))
                    let configuration = try directory.write("nginx.conf", nginx(directory))
                    let nginx = try ChildProcess(
                        Consumer.nginx.path(),
                        ["-p", directory.path, "-e", "stderr", "-c", configuration],
                        errors: directory.file("log")
                    )
                    defer {
                        nginx.send(SIGTERM)
                        nginx.kill()
                    }
                    try await expect(zones, at: directory.file("in"), end: isEnded ? end : nil) {
                        directory.read("log") ?? ""
                    }
                }
            }
        }
    }

    @Test func `Envoy prefers a zone, and goes to the next priority without it`() async throws {
        try await Answering.with { mine, others, end in
            try await TemporaryDirectory.with { directory in
                let (list, entrance) = (directory.file("list.json"), directory.file("in"))
                try directory.write("list.json", try text(.envoy, [mine, others]))
                try await RunningEnvoy.with(list: list, cluster: "web", entrance: entrance) {
                    envoy in
                    try await envoy.hasTaken(updates: 1)
                    try await expect([mine, others], at: entrance, end: end) { "" }
                }
                // A list that was there from the beginning: the servers of the zone have left etcd as well.
                try directory.write("list.json", try text(.envoy, [[], others]))
                try await RunningEnvoy.with(list: list, cluster: "web", entrance: entrance) {
                    envoy in
                    try await envoy.hasTaken(updates: 1)
                    try await expect([[], others], at: entrance, end: nil) { "" }
                }
            }
        }
    }

    // MARK: the traffic

    /// Requests are answered by the first zone that has servers; and by the next when the first one ends.
    private func expect(
        _ zones: [[UInt16]],
        at socket: String,
        end: (() -> Void)?,
        log: () -> String
    ) async throws {
        let serving = zones.filter { !$0.isEmpty }.map { Set($0.map(String.init)) }
        do {
            try await eventually("traffic goes to \(serving[0])") {
                try await answers(at: socket) == serving[0]
            }
            guard let end else { return }
            end()
            try await eventually("traffic goes to \(serving[1])") {
                try await answers(at: socket) == serving[1]
            }
        } catch {
            Issue.record("\(error); answered last: \(try await answers(at: socket)); \(log())")
        }
    }

    /// Who answers forty requests.
    private func answers(at socket: String) async throws -> Set<String> {
        let result = try await Consumer.python3.run(["-c", Self.asking, socket])
        return Set(result.output.split(separator: "\n").map(String.init))
    }

    private static let asking = """
        import http.client, socket, sys
        for _ in range(40):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(5)
            s.connect(sys.argv[1])
            c = http.client.HTTPConnection("proxy")
            c.sock = s
            c.request("GET", "/")
            answer = c.getresponse()
            print(answer.read().decode() if answer.status == 200 else answer.status)
        """

    // MARK: the lists and the proxies

    /// The zones are `a` and `b`.
    private func text(_ format: ListFormat, _ zones: [[UInt16]]) throws -> String {
        let names = ["a", "b"]
        let endpoints = try zip(names, zones).flatMap { zone, ports in
            try ports.map {
                try Lists.endpoint(
                    "web",
                    "\(zone)-\($0)",
                    address: "127.0.0.1",
                    port: $0,
                    zone: zone
                )
            }
        }
        return Lists.text(format, endpoints, services: try Lists.names("web"), zones: preference)
            .text
    }

    private func haproxy(_ directory: TemporaryDirectory) -> String {
        """
        defaults
            mode http
            timeout connect 1s
            timeout client 5s
            timeout server 5s
            default-server check inter 100ms fall 1
        frontend in
            bind unix@\(directory.file("in"))
            default_backend web

        """
    }

    private func nginx(_ directory: TemporaryDirectory) -> String {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(directory.file($0));" }.joined(separator: "\n")
        return """
            pid \(directory.file("pid"));
            error_log stderr;
            daemon off;
            master_process off;
            events {}
            http {
                access_log off;
                \(temporary)
                include \(directory.file("list.conf"));
                server {
                    listen unix:\(directory.file("in"));
                    location / { proxy_pass http://web; }
                }
            }

            """
    }
}

/// Servers that answer with the number of their port, in two zones.
private enum Answering {
    /// Runs `body` beside two servers in each zone; the closure that it gets ends those of the first.
    static func with(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (_ mine: [UInt16], _ others: [UInt16], _ end: @escaping () -> Void) async throws ->
            Void
    ) async throws {
        let ports = [try FreePort.two(), try FreePort.two()]
        let servers = try ports.map { ports in
            try ChildProcess(Consumer.python3.path(), ["-c", program] + ports.map { "\($0)" })
        }
        defer { for server in servers { server.kill() } }
        for port in ports.joined() {
            try await eventually("a server listens") {
                (try? RawConnection(port: Int(port))) != nil
            }
        }
        try await body(ports[0], ports[1]) { servers[0].kill() }
    }

    private static let program = """
        import http.server, sys, threading
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text = str(self.server.server_port).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            def log_message(self, *arguments): pass
        for port in sys.argv[1:]:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
            threading.Thread(target=server.serve_forever).start()
        """
}
