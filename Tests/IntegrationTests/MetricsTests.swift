import Foundation
import TestKit
import Testing

/// The built program, looked at over HTTP.
@Suite struct MetricsTests {
    @Test func theDaemonSaysHowItIsAndWhenEtcdGoesAway() async throws {
        try await Fleet.with { fleet in
            let port = try Int(FreePort.two()[0])
            let host = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                more: Self.listen("127.0.0.1:\(port)")
            )
            // It listens a moment after the first file is there.
            try await eventually("it listens, and is registered") {
                host.process.printed.contains("serving metrics") && host.keys == ["web/w1"]
            }
            try await eventually("ready") {
                try await Self.get("/readyz", port).hasPrefix("HTTP/1.1 200 ")
            }
            let metrics = try await Self.get("/metrics", port)
            let lines = Set(metrics.split(separator: "\n").map(String.init))
            for line in [
                "discoveryd_ready 1", "discoveryd_etcd_up 1", "discoveryd_watch_synced 1",
                "discoveryd_endpoints 1", "discoveryd_endpoints_held 0",
                "discoveryd_lease_grants_total 1",
                #"discoveryd_service_registered{service="web"} 1"#,
                #"discoveryd_output_stale{output="\#(fleet.directory.file("one.json"))"} 0"#,
                #"discoveryd_etcd_requests_total{method="claim",code="ok"} 1"#,
                "discoveryd_config_last_reload_successful 1",
            ] { #expect(lines.contains(line), "\(line)") }

            try await fleet.etcd.etcdctl("put", "services/db/d1", "10.0.0.6:5432")
            try await eventually("the change is counted") {
                let metrics = try await Self.get("/metrics", port)
                return metrics.contains("\ndiscoveryd_endpoints 2\n")
                    && !metrics.contains(#"discoveryd_watch_events_total{type="put"} 0"#)
            }

            fleet.etcd.kill()
            try await eventually("not ready, with the reason") {
                let answer = try await Self.get("/readyz", port)
                return answer.hasPrefix("HTTP/1.1 503 ")
                    && answer.contains("list: may be stale since ") && answer.contains("etcd: ")
            }
            let alive = try await Self.get("/healthz", port)
            #expect(alive.hasPrefix("HTTP/1.1 200 ") && alive.hasSuffix("alive\n"))
            let away = try await Self.get("/metrics", port)
            #expect(away.contains("\ndiscoveryd_etcd_up 0\n"))
            #expect(away.contains("\ndiscoveryd_watch_synced 0\n"))
            #expect(away.contains("\ndiscoveryd_endpoints 2\n"))
        }
    }

    @Test func aRealPrometheusScrapesItAndJudgesByTheAlerts() async throws {
        try await Fleet.with { fleet in
            let ports = try FreePort.two().map { Int($0) }
            let host = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                more: Self.listen("127.0.0.1:\(ports[0])")
            )
            try await eventually("registered") { host.keys == ["web/w1"] }
            let alerts = Repository.root.appending(path: "Examples/prometheus/alerts.yml").path
            let configuration = try fleet.directory.write(
                "prometheus.yml",
                """
                global: { scrape_interval: 1s, evaluation_interval: 1s }
                rule_files: ["\(alerts)"]
                scrape_configs:
                  - job_name: discoveryd-hosts
                    static_configs: [{ targets: ["127.0.0.1:\(ports[0])"] }]

                """
            )
            let prometheus = try ChildProcess(
                "/usr/bin/prometheus",
                [
                    "--config.file=\(configuration)",
                    "--storage.tsdb.path=\(fleet.directory.file("data"))",
                    "--web.listen-address=127.0.0.1:\(ports[1])",
                ],
                errors: fleet.directory.file("prometheus.log")
            )
            defer { prometheus.kill() }
            let query = { (text: String) in
                try await Self.get("/api/v1/query?query=\(text)", ports[1], version: "1.0")
            }
            try await eventually("scraped", within: .seconds(60)) {
                #expect(prometheus.status == nil)
                // Its port is not there at once.
                let up = (try? await query("up")) ?? ""
                return up.contains(#""job":"discoveryd-hosts""#) && up.contains(#","1"]"#)
            }
            let registered = try await query("discoveryd_service_registered")
            #expect(registered.contains(#""service":"web""#) && registered.contains(#","1"]"#))
            let buckets = try await query("discoveryd_etcd_request_duration_seconds_bucket")
            #expect(buckets.contains(#""le":"+Inf""#) && buckets.contains(#""method":"claim""#))

            fleet.etcd.kill()
            try await eventually("the alert is on its way", within: .seconds(60)) {
                try await query("ALERTS").contains(#""alertname":"DiscoverydEtcdAway""#)
            }
            let rules = try await Self.get("/api/v1/rules", ports[1], version: "1.0")
            #expect(rules.contains(#""health":"ok""#) && !rules.contains(#""health":"err""#))
        }
    }

    @Test func aUnixSocketIsServedAndGoneAfterTheStop() async throws {
        try await Fleet.with { fleet in
            let path = fleet.directory.file("metrics.sock")
            let host = try fleet.start("one", services: [:], more: Self.listen("unix:\(path)"))
            // Its file is there before anybody listens at it.
            try await eventually("served") { host.process.printed.contains("serving metrics") }
            let connection = try RawConnection(path: path)
            connection.send("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            let answer = try await connection.answer()
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\n"))
            #expect(answer.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            host.process.send(SIGTERM)
            #expect(try await host.process.ended() == 0)
            #expect(!fleet.directory.names.contains("metrics.sock"))
        }
    }

    @Test func aPortInUseCostsTheDaemonNothingAndIsTakenWhenItIsFree() async throws {
        try await Fleet.with { fleet in
            let port = try Int(FreePort.two()[0])
            let more = Self.listen("127.0.0.1:\(port)")
            let one = try fleet.start("one", services: [:], more: more)
            try await eventually("served") { one.process.printed.contains("serving metrics") }
            let two = try fleet.start("two", services: ["web/w2": 8080], more: more)
            try await eventually("said") {
                two.process.printed.contains("another program listens there")
            }
            try await eventually("it works all the same") { two.keys == ["web/w2"] }
            one.process.send(SIGTERM)
            #expect(try await one.process.ended() == 0)
            try await eventually("served by the other", within: .seconds(40)) {
                two.process.printed.contains("serving metrics")
            }
            let metrics = try await Self.get("/metrics", port)
            #expect(metrics.contains("\n" + #"discoveryd_service_registered{service="web"} 1"#))
        }
    }

    @Test func aReloadThatIsRefusedIsSeen() async throws {
        try await Fleet.with { fleet in
            let port = try Int(FreePort.two()[0])
            let more = Self.listen("127.0.0.1:\(port)")
            let host = try fleet.start("one", services: ["web/w1": 8080], more: more)
            try await eventually("it listens, and is registered") {
                host.process.printed.contains("serving metrics") && host.keys == ["web/w1"]
            }
            try fleet.configure("one", services: ["web/w1": 80800], more: more)
            host.process.send(SIGHUP)
            try await eventually("refused") {
                try await Self.get("/metrics", port)
                    .contains("\ndiscoveryd_config_last_reload_successful 0\n")
            }
            try fleet.configure("one", services: ["db/d1": 5432], more: more)
            host.process.send(SIGHUP)
            try await eventually("taken on, and only what is configured has series") {
                let metrics = try await Self.get("/metrics", port)
                return metrics.contains("\ndiscoveryd_config_last_reload_successful 1\n")
                    && metrics.contains(#"{service="db"} 1"#) && !metrics.contains(#""web""#)
            }
        }
    }

    private static func listen(_ address: String) -> String {
        "[metrics]\nlisten = \"\(address)\"\n"
    }

    private static func get(
        _ path: String,
        _ port: Int,
        version: String = "1.1"
    ) async throws -> String {
        let connection = try RawConnection(port: port)
        connection.send("GET \(path) HTTP/\(version)\r\nHost: 127.0.0.1\r\n\r\n")
        return try await connection.answer()
    }
}
