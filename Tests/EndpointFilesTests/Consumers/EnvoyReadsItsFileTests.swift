import EndpointFiles
import Registry
import TestKit
import Testing

@Suite struct EnvoyReadsItsFileTests {
    @Test func itTakesTheEndpointsAsWeMeanThem() async throws {
        let list = Lists.text(
            .envoy,
            [
                try Lists.endpoint("web", "1", weight: 200, zone: "a", meta: ["version": "2"]),
                try Lists.endpoint("web", "2", address: "2001:db8::6", zone: "b"),
                try Lists.endpoint("web", "3", address: "10.0.0.7", state: .draining),
                try Lists.endpoint("web", "4", address: "10.0.0.8", weight: 0),
                try Lists.endpoint("web", "5", address: "host.example"),
            ]
        )
        #expect(list.rejections.map(\.subject) == ["web/5"])
        let hosts = try await taken(list.text, cluster: "web")
        #expect(
            hosts == [
                "10.0.0.5:8080 a 200 HEALTHY", "10.0.0.7:8080  100 DRAINING",
                "10.0.0.8:8080  1 DRAINING", "[2001:db8::6]:8080 b 100 HEALTHY",
            ]
        )
    }

    @Test func hostileTextsStayInTheirStrings() async throws {
        let name = "w;}{\"\\'#$(id)"
        let texts = HostileEndpoints.texts + [HostileEndpoints.megabyte]
        let endpoints = try texts.enumerated().map { number, text in
            try Lists.endpoint(
                name,
                "\(number)",
                port: UInt16(number + 1),
                zone: text,
                meta: [text: text]
            )
        }
        let hosts = try await taken(Lists.text(.envoy, endpoints).text, cluster: name)
        let expected = texts.enumerated()
            .map { "10.0.0.5:\($0.offset + 1) \($0.element) 100 HEALTHY" }
        #expect(hosts == expected.sorted())
    }

    @Test func anEmptyServiceIsAnEmptyCluster() async throws {
        let list = Lists.text(.envoy, [], services: try Lists.names("web"))
        #expect(try await taken(list.text, cluster: "web") == [])
    }

    /// Why an output for Envoy names one service; see ``ListFormat/naming``.
    @Test func twoServicesInAFileAreRefused() async throws {
        #expect(ListFormat.envoy.naming == .one)
        let endpoints = [try Lists.endpoint("web", "1"), try Lists.endpoint("db", "1")]
        try await TemporaryDirectory.with { directory in
            let list = try directory.write("list.json", Lists.text(.envoy, endpoints).text)
            let log = try await RunningEnvoy.with(list: list, cluster: "web") { envoy in
                try await envoy.hasRefused()
            }
            #expect(log.contains("Unexpected EDS resource length: 2"))
        }
    }

    private func taken(_ text: String, cluster: String) async throws -> [String] {
        try await TemporaryDirectory.with { directory in
            let list = try directory.write("list.json", text)
            return try await RunningEnvoy.with(list: list, cluster: cluster) { envoy in
                try await envoy.hasTaken(updates: 1)
                return try await envoy.hosts()
            }
        }
    }
}
