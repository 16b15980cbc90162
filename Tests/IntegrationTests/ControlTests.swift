import Foundation
import TestKit
import Testing

/// The commands that ask the running daemon.
@Suite struct ControlTests {
    @Test func statusSaysHowEverythingStands() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("in the file") { host.keys == ["web/w1"] }
            try await eventually("said by status") {
                let text = try await host.ask("status").output
                return text.contains("discoveryd  0.1.0, current for ")
                    && text.contains("web      w1  registered")
            }
            let text = try await host.ask("status").output
            #expect(text.contains(fleet.etcd.endpoint) || text.contains("etcd        http://"))
            #expect(text.contains(", ttl 10 s") && text.contains("one.json"))
            let json = try await host.ask("status", "-o", "json")
            #expect(json.status == 0)
            let report = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            )
            #expect(report["state"] as? String == "current" && report["schema"] as? Int == 2)
            #expect(report["endpoint_count"] as? Int == 1 && report["ttl_seconds"] as? Int == 10)
            let service = try #require((report["services"] as? [[String: Any]])?.first)
            #expect(service["status"] as? String == "registered" && service["since"] != nil)
            let output = try #require((report["outputs"] as? [[String: Any]])?.first)
            #expect(output["status"] as? String == "current" && output["age_seconds"] != nil)
            // The file says the same, in the same words.
            let file = try #require(host.directory.read("one.status"))
            let said = try #require(
                try JSONSerialization.jsonObject(with: Data(file.utf8)) as? [String: Any]
            )
            #expect(Set(said.keys) == Set(report.keys))
            #expect(file.components(separatedBy: "\n").count > 10)
        }
    }

    @Test func withoutADaemonTheCommandsSaySo() async throws {
        try await TemporaryDirectory.with { directory in
            for command in ["status", "wait", "drain", "undrain", "reload"] {
                let result = try await Command(
                    DaemonProcess.program,
                    [command, "--control-socket", directory.file("none.sock")]
                ).run()
                #expect(result.status == 69)
                #expect(result.errors.contains("the daemon is not running here"))
            }
        }
    }

    @Test func waitEndsWhenTheFileIsLargeEnoughAndGivesUpInTime() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("listens") { try await host.ask("status").status == 0 }
            #expect(try await host.ask("wait", "--service", "web").status == 0)
            #expect(host.keys == ["web/w1"])
            let late = try await host.ask(
                "wait",
                "--service",
                "web",
                "--min",
                "2",
                "--timeout",
                "200ms"
            )
            #expect(late.status == 75)
            #expect(late.errors.contains("web has 1 of 2 endpoints"))
            async let waited = host.ask("wait", "--service", "web", "--min", "2")
            try fleet.start("two", services: ["web/w2": 8080])
            #expect(try await waited.status == 0)
            #expect(host.keys == ["web/w1", "web/w2"])
        }
    }

    @Test func aDrainIsSeenElsewhereAndOutlivesARestart() async throws {
        try await Fleet.with { fleet in
            let state = try fleet.stateDirectory()
            let services = ["web/w1": 8080, "db/d1": 5432]
            let observer = try fleet.start("observer", services: [:])
            let host = try fleet.start(
                "one",
                services: services,
                lease: Fleet.keepsLease,
                state: state
            )
            try await eventually("registered") { observer.keys == ["db/d1", "web/w1"] }
            let before = try await leases(fleet)

            let drained = try await host.ask("drain", "web")
            #expect(drained.status == 0)
            #expect(drained.output == "web drains until 'discoveryd undrain'\n")
            let draining = ["web/w1": "draining", "db/d1": "up"]
            try await eventually("seen elsewhere") { observer.states == draining }
            #expect(try await host.ask("status").output.contains("registered, draining"))

            host.process.send(SIGTERM)
            #expect(try await host.process.ended() == 0)
            let seen = observer.file
            let next = try fleet.start(
                "one",
                services: services,
                lease: Fleet.keepsLease,
                state: state
            )
            try await eventually("registered again") {
                next.process.printed.contains("id=w1") && next.keys.count == 2
            }
            #expect(next.states == draining && observer.file == seen)
            #expect(try await next.ask("status", "-o", "json").output.contains("\"drains\""))

            #expect(try await next.ask("undrain", "web").status == 0)
            try await eventually("back") {
                observer.states == ["web/w1": "up", "db/d1": "up"]
            }
            #expect(try await leases(fleet) == before)
        }
    }

    @Test func aDrainThatEtcdDoesNotHaveYetSaysSo() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("registered") { host.keys == ["web/w1"] }
            fleet.etcd.kill()
            try await eventually("noticed") {
                host.process.printed.contains("etcd connection lost")
            }
            let result = try await host.ask("drain")
            #expect(result.status == 75)
            #expect(result.errors.contains("not in etcd yet"))
            try await fleet.etcd.start()
            try await eventually("it has") { host.states["web/w1"] == "draining" }
        }
    }

    @Test func aDrainWithAnEndEndsByItself() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("registered") { host.states == ["web/w1": "up"] }
            let drained = try await host.ask("drain", "--for", "10s")
            #expect(drained.status == 0 && drained.output.contains("no state directory"))
            try await eventually("drains") { host.states == ["web/w1": "draining"] }
            try await eventually("back in service") { host.states == ["web/w1": "up"] }
            #expect(host.process.printed.contains("drain ended after the requested time"))
        }
    }

    @Test func aStopDrainsBeforeItLeaves() async throws {
        try await Fleet.with { fleet in
            let observer = try fleet.start("observer", services: [:])
            let host = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                lease: "[lease]\ndrain = \"10s\"\n"
            )
            try await eventually("registered") { observer.states == ["web/w1": "up"] }
            let began = ContinuousClock.now
            host.process.send(SIGTERM)
            try await eventually("drains") {
                observer.states == ["web/w1": "draining"]
            }
            #expect(host.process.isRunning)
            #expect(try await host.process.ended(within: .seconds(60)) == 0)
            #expect(ContinuousClock.now - began >= .seconds(10))
            #expect(try await fleet.keysInEtcd().isEmpty)
            try await eventually("gone") { observer.states.isEmpty }
        }
    }

    @Test func aServiceThatIsNotThereCannotDrain() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("listens") { try await host.ask("status").status == 0 }
            let refused = try await host.ask("drain", "wbe")
            #expect(refused.status == 64)
            #expect(refused.errors.contains("registers no service wbe; it registers web"))
        }
    }

    @Test func reloadSaysWhatCameOfIt() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("registered") { host.keys == ["web/w1"] }
            try fleet.configure("one", services: ["web/w1": 80800])
            let refused = try await host.ask("reload")
            #expect(refused.status == 78)
            #expect(refused.errors.contains("port: must be") && refused.errors.contains("80800"))
            #expect(host.keys == ["web/w1"])
            try fleet.configure("one", services: ["web/w1": 8080, "db/d1": 5432], ttl: "20s")
            let applied = try await host.ask("reload")
            #expect(applied.status == 0)
            #expect(applied.errors.contains("[lease] has changed; restart the daemon"))
            try await eventually("applied") { host.keys == ["db/d1", "web/w1"] }
        }
    }

    @Test func `curl can do what the commands do`() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("registered") { host.keys == ["web/w1"] }
            let socket = fleet.directory.file("one.sock")
            let status = try await Self.curl(socket, "/v1/status")
            #expect(status.code == "200 application/json")
            #expect(try await host.ask("status", "-o", "json").output.contains(#""schema""#))
            #expect(status.body.hasPrefix("{\n") && status.body.contains(#""state" : "current""#))
            let waited = try await Self.curl(socket, "/v1/wait?service=web&count=1&timeout=30s")
            #expect(waited.code == "200 application/json" && waited.body == "{\"messages\":[]}\n")
            let late = try await Self.curl(socket, "/v1/wait?service=web&count=2&timeout=200ms")
            #expect(late.code == "504 application/json")
            #expect(
                late.body
                    == #"{"error":{"code":"timed_out","message":"web has 1 of 2 endpoints"}}"#
                    + "\n"
            )
            let drained = try await Self.curl(socket, "/v1/drain?service=web&for=10m", "-X", "POST")
            #expect(drained.code == "200 application/json")
            #expect(drained.body.hasPrefix(#"{"messages":["web drains for 10m""#))
            try await eventually("it drains") { host.states == ["web/w1": "draining"] }
            let unknown = try await Self.curl(socket, "/v1/drain?service=db", "-X", "POST")
            #expect(unknown.code == "404 application/json")
            #expect(unknown.body.contains(#""code":"unknown_service""#))
            let inBody = try await Self.curl(socket, "/v1/undrain", "-d", "service=web")
            #expect(inBody.code == "400 application/json")
            let back = try await Self.curl(socket, "/v1/undrain", "-X", "POST")
            #expect(back.code == "200 application/json")
            let read = try await Self.curl(socket, "/v1/reload")
            #expect(read.code == "405 application/json")
            let reloaded = try await Self.curl(socket, "/v1/reload", "-X", "POST")
            #expect(reloaded.code == "200 application/json")
            for page in ["/metrics", "/healthz", "/readyz"] {
                #expect(try await Self.curl(socket, page).code.hasPrefix("200 text/plain; "))
            }
            #expect(try await Self.curl(socket, "/v1/nothing").code == "404 application/json")
        }
    }

    @Test func `over TCP the status is read under names of this host and nothing is changed`()
        async throws
    {
        try await Fleet.with { fleet in
            let port = try Int(FreePort.two()[0])
            let more = "[metrics]\nlisten = \"127.0.0.1:\(port)\"\n"
            let host = try fleet.start("one", services: ["web/w1": 8080], more: more)
            try await eventually("served") { host.process.printed.contains("serving metrics") }
            func answer(_ method: String, _ path: String, host: String) async throws -> String {
                let connection = try RawConnection(port: port)
                connection.send("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                return try await connection.answer()
            }
            for name in ["localhost", "127.0.0.1:\(port)"] {
                #expect(
                    try await answer("GET", "/v1/status", host: name).hasPrefix("HTTP/1.1 200 ")
                )
            }
            let rebound = try await answer("GET", "/v1/status", host: "evil.example:\(port)")
            #expect(rebound.hasPrefix("HTTP/1.1 421 ") && !rebound.contains("web"))
            #expect(
                try await answer("GET", "/metrics", host: "one.example").hasPrefix("HTTP/1.1 200 ")
            )
            for (method, path) in [
                ("GET", "/v1/wait"), ("POST", "/v1/drain"), ("POST", "/v1/undrain"),
                ("POST", "/v1/reload"),
            ] {
                #expect(
                    try await answer(method, path, host: "localhost").hasPrefix("HTTP/1.1 403 ")
                )
            }
        }
    }

    @Test func `a command that meets a daemon of before the local API says so`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("old.sock")
            // As that daemon answers whoever does not send a line of JSON.
            let daemon = try ChildProcess(
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
                        client.makefile("rb").readline() and client.sendall(b'{"messages":["no request in one line of 4096 bytes, in 5 s"],'
                            b'"outcome":"invalid"}\\n')
                        client.close()
                    """, path,
                ]
            )
            defer { daemon.kill() }
            try await eventually("it listens") { (try? RawConnection(path: path)) != nil }
            for command in ["status", "wait", "drain", "undrain", "reload"] {
                let result = try await Command(
                    DaemonProcess.program,
                    [command, "--control-socket", path]
                ).run()
                #expect(result.status == 69)
                #expect(
                    result.errors
                        == "discoveryd: another version of discoveryd is running; restart it\n"
                )
            }
        }
    }

    /// Asks with curl: the status and the media type, and the body.
    private static func curl(
        _ socket: String,
        _ target: String,
        _ options: String...
    ) async throws -> (code: String, body: String) {
        let result = try await Command(
            "/usr/bin/curl",
            [
                "--silent", "--show-error", "--unix-socket", socket,
                "--write-out", "%{stderr}%{http_code} %{content_type}",
            ] + options + ["http://discoveryd\(target)"]
        ).run()
        return (result.errors, result.output)
    }

    /// The leases of the keys, as etcd tells them.
    private func leases(_ fleet: Fleet) async throws -> [String] {
        let json = try await fleet.etcd.etcdctl("get", "--prefix", "services/", "-w", "json")
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return (object?["kvs"] as? [[String: Any]] ?? []).map { "\($0["lease"] ?? "none")" }
    }
}
