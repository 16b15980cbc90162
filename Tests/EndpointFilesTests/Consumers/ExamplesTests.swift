import EndpointFiles
import Foundation
import Mustache
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

    @Test func caddyTakesWhatItsTemplateMakes() async throws {
        try await TemporaryDirectory.with { directory in
            for endpoints in [try Self.endpoints(), []] {
                let text = try made(by: "caddy/caddy.json.mustache", .json, endpoints, "web")
                let path = try directory.write("caddy.json", text)
                let result = try await Consumer.caddy.run(
                    ["validate", "--config", path],
                    environment: ["HOME": directory.path]
                )
                #expect(result.status == 0, "\(result.errors)")
                let dialled = text.split(separator: "\n").filter { $0.contains("\"dial\"") }
                #expect(dialled.count == endpoints.count)
            }
        }
    }

    /// Traefik is not in Debian; this is what its documentation of the file provider says that a file holds.
    @Test func theTemplateForTraefikMakesWhatItDocuments() async throws {
        let text = try made(
            by: "traefik/traefik.yml.mustache",
            .yaml,
            try Self.endpoints(),
            "web",
            "api"
        )
        let read = try await yaml(text)
        #expect(Set(read.keys) == ["http"])
        let http = try #require(read["http"] as? [String: Any])
        #expect(Set(http.keys) == ["routers", "services"])
        let routers = try #require(http["routers"] as? [String: [String: String]])
        #expect(
            routers == [
                "web": ["rule": "Host(`web.example.com`)", "service": "web"],
                "api": ["rule": "Host(`api.example.com`)", "service": "api"],
            ]
        )
        let services = try #require(http["services"] as? [String: [String: Any]])
        #expect(services.values.allSatisfy { Set($0.keys) == ["loadBalancer"] })
        let servers = try services.mapValues { service in
            let balancer = try #require(service["loadBalancer"] as? [String: Any])
            #expect(Set(balancer.keys) == ["servers"])
            return try #require(balancer["servers"] as? [[String: String]])
        }
        #expect(
            servers == [
                "web": [["url": "http://10.0.0.5:8080"], ["url": "http://[2001:db8::6]:8080"]],
                "api": [],
            ]
        )
        // It takes the whole file for a template of Go's first.
        #expect(!text.contains("{{"))
        let source = Repository.root.appending(path: "Examples/traefik/static.yml")
        let settings = try await yaml(String(decoding: try Data(contentsOf: source), as: UTF8.self))
        let providers = try #require(settings["providers"] as? [String: [String: Any]])
        #expect(providers["file"]?["filename"] as? String == "/run/discoveryd/traefik.yml")
        #expect(providers["file"]?["watch"] as? Bool == true)
    }

    private static func endpoints() throws -> [Endpoint] {
        [
            try Lists.endpoint("web", "web-1"),
            try Lists.endpoint("web", "web-2", address: "2001:db8::6"),
        ]
    }

    /// What the template of an example makes of a list.
    private func made(
        by example: String,
        _ escape: MustacheEscapeName,
        _ endpoints: [Endpoint],
        _ services: String...
    ) throws -> String {
        let source = Repository.root.appending(path: "Examples/\(example)")
        let text = String(decoding: try Data(contentsOf: source), as: UTF8.self)
        let names = try services.map { try #require(ServiceName(read: $0)) }
        let list = Lists.text(try Templates.format(text, escape), endpoints, services: names)
        #expect(list.rejections == [])
        return list.text
    }

    private func yaml(_ text: String) async throws -> [String: Any] {
        let python =
            "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)"
        return try await TemporaryDirectory.with { directory in
            let path = try directory.write("list.yml", text)
            let result = try await Consumer.python3.run(["-c", python, path])
            #expect(result.status == 0, "\(result.errors)")
            let read = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
            return try #require(read as? [String: Any])
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
