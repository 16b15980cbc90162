import EndpointFiles
import Foundation
import Registry
import TestKit
import Testing
import Texts

@Suite struct PrometheusReadsItsFileTests {
    @Test func itFindsTheTargetsWithTheirLabels() async throws {
        let list = Lists.text(
            .prometheus,
            [
                try Lists.endpoint("web", "1", zone: "a", tags: ["blue", "canary"]),
                try Lists.endpoint("web", "2", address: "2001:db8::6", meta: ["app/name": "x"]),
            ],
            services: try Lists.names("web", "db")
        )
        let targets = try await discovered(list.text)
        #expect(
            targets["10.0.0.5:8080"] == [
                "service": "web", "zone": "a", "tags": ",blue,canary,", "state": "up",
            ]
        )
        #expect(
            targets["[2001:db8::6]:8080"] == [
                "service": "web", "state": "up", "meta_app_name": "x",
            ]
        )
        #expect(targets.count == 2)
    }

    @Test func itFindsWhoIsPreferredForHisZone() async throws {
        let zones = ZonePreference(zones: ["a"])
        let mine = try Lists.endpoint("web", "1", zone: "a")
        let others = [
            try Lists.endpoint("web", "2", address: "10.0.0.6", zone: "b"),
            try Lists.endpoint("web", "3", address: "10.0.0.7"),
        ]
        let all = try await discovered(Lists.text(.prometheus, [mine] + others, zones: zones).text)
        #expect(
            all.mapValues { $0["preferred"] } == [
                "10.0.0.5:8080": "true", "10.0.0.6:8080": "false", "10.0.0.7:8080": "false",
            ]
        )
        let spilled = try await discovered(Lists.text(.prometheus, others, zones: zones).text)
        #expect(
            spilled.mapValues { $0["preferred"] } == [
                "10.0.0.6:8080": "true", "10.0.0.7:8080": "true",
            ]
        )
    }

    @Test func hostileTextsStayInTheirLabels() async throws {
        let endpoints = try HostileEndpoints.all()
        let list = Lists.text(.prometheus, endpoints)
        #expect(list.rejections == [])
        let targets = try await discovered(list.text)
        #expect(targets.count == endpoints.count)
        for endpoint in endpoints {
            let instance = endpoint.instance
            let labels = targets[instance.address.joined(port: instance.port)]
            #expect(labels?["service"] == instance.key.service.text)
            #expect(labels?["zone"] == instance.zone)
            #expect(labels?["meta___address__"] == "evil:1")
        }
    }

    @Test func aMegabyteInALabelIsCarried() async throws {
        let big = try Lists.endpoint("web", "1", meta: ["big": HostileEndpoints.megabyte])
        let targets = try await discovered(Lists.text(.prometheus, [big]).text)
        #expect(targets["10.0.0.5:8080"]?["meta_big"] == HostileEndpoints.megabyte)
    }

    @Test func anEmptyFileIsFine() async throws {
        #expect(try await discovered(Lists.text(.prometheus, []).text).isEmpty)
    }

    private struct Target: Decodable {
        var discoveredLabels: [String: String]
    }

    /// `promtool check config`, then `promtool check service-discovery`: our labels by address.
    private func discovered(_ text: String) async throws -> [String: [String: String]] {
        try await TemporaryDirectory.with { directory in
            let list = try directory.write("list.json", text)
            let configuration = try directory.write(
                "prometheus.yml",
                """
                scrape_configs:
                  - job_name: discoveryd
                    file_sd_configs:
                      - files: ["\(list)"]

                """
            )
            let check = try await Consumer.promtool.run(["check", "config", configuration])
            #expect(check.status == 0, "\(check.errors)")
            let result = try await Consumer.promtool.run([
                "check", "service-discovery", "--timeout=5s", configuration, "discoveryd",
            ])
            #expect(result.status == 0, "\(result.errors)")
            let targets = try JSONDecoder().decode([Target]?.self, from: Data(result.output.utf8))
            let prefix = "__meta_discoveryd_"
            return Dictionary(
                (targets ?? []).map { target in
                    let ours = target.discoveredLabels.filter { $0.key.hasPrefix(prefix) }
                    let labels = ours.map { (String($0.key.dropFirst(prefix.count)), $0.value) }
                    return (
                        target.discoveredLabels["__address__"] ?? "",
                        Dictionary(labels) { first, _ in first }
                    )
                }
            ) { first, _ in first }
        }
    }
}
