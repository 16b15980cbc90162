import EndpointFiles
import Foundation
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
        for text in HostileEndpoints.texts + [HostileEndpoints.megabyte] {
            let name = "w;}{\"\\'#$(id)"
            let endpoint = try Lists.endpoint(name, "x", zone: text, meta: [text: text])
            let list = Lists.text(.envoy, [endpoint])
            // Envoy's own lists cannot carry a NUL in a zone back to us; that it took it is enough.
            let isShown = !text.utf8.contains(0)
            let hosts = try await taken(list.text, cluster: name)
            #expect(hosts.count == 1)
            if isShown { #expect(hosts == ["10.0.0.5:8080 \(text) 100 HEALTHY"]) }
        }
    }

    @Test func anEmptyServiceIsAnEmptyCluster() async throws {
        let list = Lists.text(.envoy, [], services: try Lists.names("web"))
        #expect(try await taken(list.text, cluster: "web") == [])
    }

    private struct Clusters: Decodable {
        var clusterStatuses: [Cluster]?
    }

    private struct Cluster: Decodable {
        var name: String
        var hostStatuses: [Host]?
    }

    private struct Host: Decodable {
        struct Address: Decodable { var socketAddress: Socket }
        struct Socket: Decodable {
            var address: String
            var portValue: UInt16
        }
        struct Health: Decodable { var edsHealthStatus: String }
        struct Locality: Decodable { var zone: String? }

        var address: Address
        var weight: Int
        var locality: Locality?
        var healthStatus: Health

        var text: String {
            let address = self.address.socketAddress
            let host = address.address.contains(":") ? "[\(address.address)]" : address.address
            let place = "\(host):\(address.portValue)"
            return "\(place) \(locality?.zone ?? "") \(weight) \(healthStatus.edsHealthStatus)"
        }
    }

    /// Starts Envoy with the file, waits until it has taken it, and asks for
    /// `address zone weight health` of the cluster.
    private func taken(_ text: String, cluster: String) async throws -> [String] {
        try await TemporaryDirectory.with { directory in
            let list = try directory.write("list.json", text)
            let admin = directory.file("admin")
            let bootstrap: [String: Any] = [
                "node": ["id": "test", "cluster": "test"],
                "admin": ["address": ["pipe": ["path": admin]]],
                "static_resources": [
                    "clusters": [
                        [
                            "name": "ours", "type": "EDS", "connect_timeout": "1s",
                            "eds_cluster_config": [
                                "service_name": cluster,
                                "eds_config": ["path_config_source": ["path": list]],
                            ],
                        ]
                    ]
                ],
            ]
            let json = try JSONSerialization.data(withJSONObject: bootstrap)
            let path = try directory.write("envoy.json", String(decoding: json, as: UTF8.self))
            let envoy = try ChildProcess(
                Consumer.envoy.path(),
                ["-c", path, "--use-dynamic-base-id", "-l", "warning", "--concurrency", "1"],
                errors: directory.file("log")
            )
            defer { envoy.kill() }
            try await eventually("Envoy decides", within: .seconds(30)) {
                #expect(envoy.status == nil, "\(directory.read("log") ?? "")")
                guard directory.names.contains("admin") else { return false }
                let stats = try await ask("/stats", of: admin)
                #expect(
                    !stats.contains("ours.update_rejected: 1"),
                    "\(directory.read("log")?.prefix(2000) ?? "")"
                )
                return stats.contains("ours.update_success: 1")
                    || stats.contains("ours.update_rejected: 1")
            }
            let answer = try await ask("/clusters?format=json", of: admin)
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let clusters = try decoder.decode(Clusters.self, from: Data(answer.utf8))
            let ours = clusters.clusterStatuses?.first { $0.name == "ours" }
            return (ours?.hostStatuses ?? []).map(\.text).sorted()
        }
    }

    private func ask(_ path: String, of socket: String) async throws -> String {
        try await Consumer.python3.run([
            "-c",
            """
            import http.client, socket, sys
            s = socket.socket(socket.AF_UNIX)
            s.connect(sys.argv[1])
            c = http.client.HTTPConnection("envoy")
            c.sock = s
            c.request("GET", sys.argv[2])
            sys.stdout.buffer.write(c.getresponse().read())
            """, socket, path,
        ]).output
    }
}
