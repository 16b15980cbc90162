import EndpointFiles
import Foundation
import Registry
import TestKit
import Testing

/// The examples, given to the programs they are for, with lists in another directory.
@Suite struct ExamplesTests {
    @Test func haproxyTakesItsExampleAndTheListBesideIt() async throws {
        try await with("haproxy/haproxy.cfg", .haproxy(), "haproxy.cfg") { example, list in
            let result = try await Consumer.haproxy.run(["-c", "-f", example, "-f", list])
            #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        }
    }

    @Test func nginxTakesItsExample() async throws {
        try await with("nginx/nginx.conf", .nginx, "upstreams.conf") { example, list in
            let prefix = URL(filePath: list).deletingLastPathComponent().path
            let settings = "pid \(prefix)/pid; error_log stderr;"
            let result = try await Consumer.nginx.run([
                "-t", "-e", "stderr", "-g", settings, "-c", example,
            ])
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test func prometheusFindsTheTargetsThatItsExampleNames() async throws {
        try await with("prometheus/prometheus.yml", .prometheus, "targets.json") { example, _ in
            let found = try await Consumer.promtool.run([
                "check", "service-discovery", "--timeout=5s", example, "discoveryd",
            ])
            #expect(found.status == 0 && found.output.contains(#""service": "web""#))
        }
    }

    @Test func envoyTakesItsExample() async throws {
        try await with("envoy/envoy.yaml", .envoy, "web.json") { example, _ in
            let result = try await Consumer.envoy.run(["--mode", "validate", "-c", example])
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test func dnsmasqTakesItsExample() async throws {
        let format = ListFormat.hosts(domain: .standard)
        try await with("dnsmasq/discoveryd.conf", format, "hosts") { example, _ in
            let result = try await Consumer.dnsmasq.run(["--test", "--conf-file=\(example)"])
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test func systemdTakesTheUnitWithAnEnvironmentFile() async throws {
        try await with("env/web-client.service", .env, "services.env") { example, _ in
            let result = try await Consumer.systemdAnalyze.run(
                ["verify", "--man=no", example],
                environment: ["SYSTEMD_LOG_LEVEL": "err"]
            )
            #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        }
    }

    @Test func systemdTakesThePathUnitThatReloads() async throws {
        let source = Repository.root.appending(path: "Examples/path-unit")
        let result = try await Consumer.systemdAnalyze.run(
            ["verify", "--man=no", source.appending(path: "haproxy-list.path").path],
            environment: ["SYSTEMD_LOG_LEVEL": "err"]
        )
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }

    @Test func theScriptPrintsTheAddressesThatItsVariablesHold() async throws {
        try await with("env/web-client.sh", .env, "services.env") { example, _ in
            let result = try await Consumer.sh.run([example])
            #expect(result.output == "web is at 10.0.0.5:8080\nweb is at [2001:db8::6]:8080\n")
        }
    }

    /// Runs `body` with the paths of an example and of the list that it reads.
    private func with(
        _ example: String,
        _ format: ListFormat,
        _ list: String,
        _ body: (_ example: String, _ list: String) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let endpoints = [
                try Lists.endpoint("web", "web-1"),
                try Lists.endpoint("web", "web-2", address: "2001:db8::6"),
            ]
            let path = try directory.write(list, Lists.text(format, endpoints).text)
            let source = Repository.root.appending(path: "Examples/\(example)")
            let text = String(decoding: try Data(contentsOf: source), as: UTF8.self)
                .replacing("/run/discoveryd", with: directory.path)
            let name = "example-\(source.lastPathComponent)"
            try await body(try directory.write(name, text), path)
        }
    }
}
