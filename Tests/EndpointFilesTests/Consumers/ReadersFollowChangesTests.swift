import EndpointFiles
import Files
import Foundation
import Registry
import TestKit
import Testing

/// Readers that watch our files see each change by themselves, and the staging directory beside the
/// files disturbs none of them.
@Suite struct ReadersFollowChangesTests {
    @Test func envoyTakesAnEndpointThatComes() async throws {
        try await TemporaryDirectory.with { directory in
            let list = directory.file("web.json")
            try write(.envoy, ["10.0.0.5"], to: list)
            try await RunningEnvoy.with(list: list, cluster: "web") { envoy in
                try await envoy.hasTaken(updates: 1)
                #expect(try await envoy.hosts() == ["10.0.0.5:8080  100 HEALTHY"])
                try write(.envoy, ["10.0.0.5", "10.0.0.6"], to: list)
                try await envoy.hasTaken(updates: 2)
                #expect(try await envoy.hosts().count == 2)
            }
        }
    }

    @Test func dnsmasqTakesAnEndpointThatComesAndForgetsOneThatGoes() async throws {
        try await TemporaryDirectory.with { directory in
            let list = directory.file("discoveryd")
            try write(.hosts(domain: .standard), ["10.0.0.5", "10.0.0.6"], to: list)
            try await RunningDnsmasq.with("hostsdir", directory.path) { dnsmasq in
                for addresses in [["10.0.0.7", "10.0.0.8"], ["10.0.0.8"]] {
                    try write(.hosts(domain: .standard), addresses, to: list)
                    try await eventually("dnsmasq answers \(addresses)") {
                        try await dnsmasq.addresses(of: ["web.discoveryd.internal"])
                            == [addresses.joined(separator: " ")]
                    }
                }
            }
        }
    }

    @Test func prometheusTakesAnEndpointThatComes() async throws {
        try await TemporaryDirectory.with { directory in
            let lists = directory.file("lists")
            try FileManager.default.createDirectory(
                atPath: lists,
                withIntermediateDirectories: false
            )
            try write(.prometheus, ["10.0.0.5"], to: "\(lists)/web.json")
            let configuration = try directory.write(
                "prometheus.yml",
                """
                scrape_configs:
                  - job_name: discoveryd
                    file_sd_configs: [{ files: ["\(lists)/*.json"] }]

                """
            )
            let port = try FreePort.two()[0]
            let prometheus = try ChildProcess(
                Consumer.prometheus.path(),
                [
                    "--config.file=\(configuration)",
                    "--storage.tsdb.path=\(directory.file("data"))",
                    "--web.listen-address=127.0.0.1:\(port)",
                ],
                errors: directory.file("log")
            )
            defer { prometheus.kill() }
            for addresses in [["10.0.0.5"], ["10.0.0.5", "10.0.0.6"]] {
                try write(.prometheus, addresses, to: "\(lists)/web.json")
                try await eventually("Prometheus has \(addresses)", within: .seconds(30)) {
                    #expect(prometheus.status == nil, "\(directory.read("log") ?? "")")
                    return try await targets(port) == addresses.map { "\($0):8080" }
                }
            }
        }
    }

    private func targets(_ port: UInt16) async throws -> [String] {
        let answer = try await Consumer.python3.run([
            "-c",
            """
            import json, sys, urllib.request
            page = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/api/v1/targets")
            for target in json.load(page)["data"]["activeTargets"]:
                print(target["discoveredLabels"]["__address__"])
            """, "\(port)",
        ])
        return answer.output.split(separator: "\n").map(String.init).sorted()
    }

    private func write(_ format: ListFormat, _ addresses: [String], to path: String) throws {
        let endpoints = try addresses.map { try Lists.endpoint("web", $0, address: $0) }
        let text = Lists.text(format, endpoints).text
        try AtomicFileWriter().write(Array(text.utf8), to: path, mode: 0o644)
    }
}
