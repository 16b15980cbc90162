import Foundation
import TestKit
import Testing

/// Envoy with one cluster, `ours`, that comes out of a file.
struct RunningEnvoy {
    private let admin: String
    private let log: @Sendable () -> String

    /// Runs `body` beside an Envoy that is up.
    ///
    /// - Parameter entrance: A socket at which it takes requests for the cluster, whose endpoints it then checks.
    static func with<Value>(
        list: String,
        cluster: String,
        entrance: String? = nil,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (RunningEnvoy) async throws -> Value
    ) async throws -> Value {
        try await TemporaryDirectory.with { directory in
            let admin = directory.file("admin")
            let path = try directory.write(
                "envoy.json",
                try bootstrap(admin: admin, list: list, cluster: cluster, entrance: entrance)
            )
            let process = try ChildProcess(
                Consumer.envoy.path(),
                ["-c", path, "--use-dynamic-base-id", "-l", "warning", "--concurrency", "1"],
                errors: directory.file("log")
            )
            defer { process.kill() }
            let envoy = RunningEnvoy(admin: admin) { directory.read("log") ?? "" }
            try await eventually("Envoy is up", within: .seconds(30)) {
                #expect(process.status == nil, "\(envoy.log())")
                return directory.names.contains("admin")
            }
            return try await body(envoy)
        }
    }

    /// Waits until it has taken this many versions of the file. One that it refuses is a failure.
    func hasTaken(updates: Int) async throws {
        try await eventually("Envoy takes the file", within: .seconds(30)) {
            let counts = try await ask("/stats?filter=ours.update")
            if counts.contains("ours.update_rejected: 1") {
                Issue.record("\(log().prefix(2000))")
                return true
            }
            return counts.contains("ours.update_success: \(updates)")
        }
    }

    /// Waits until it has refused a version of the file.
    ///
    /// - Returns: What it logged.
    func hasRefused() async throws -> String {
        try await eventually("Envoy refuses the file", within: .seconds(30)) {
            try await ask("/stats?filter=ours.update").contains("ours.update_rejected: 1")
        }
        return log()
    }

    /// The endpoints of the cluster: `address zone weight health`, sorted.
    func hosts() async throws -> [String] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let answer = try await ask("/clusters?format=json")
        let clusters = try decoder.decode(Clusters.self, from: Data(answer.utf8))
        let ours = clusters.clusterStatuses?.first { $0.name == "ours" }
        return (ours?.hostStatuses ?? []).map(\.text).sorted()
    }

    private static func bootstrap(
        admin: String,
        list: String,
        cluster: String,
        entrance: String?
    ) throws -> String {
        let source = ["path_config_source": ["path": list]]
        var ours: [String: Any] = [
            "name": "ours", "type": "EDS", "connect_timeout": "1s",
            "eds_cluster_config": ["service_name": cluster, "eds_config": source],
        ]
        if entrance != nil {
            ours["health_checks"] = [
                [
                    "timeout": "1s", "interval": "0.1s", "no_traffic_interval": "0.1s",
                    "unhealthy_threshold": 1, "healthy_threshold": 1,
                    "tcp_health_check": [:] as [String: Any],
                ] as [String: Any]
            ]
        }
        let whole: [String: Any] = [
            "node": ["id": "test", "cluster": "test"],
            "admin": ["address": ["pipe": ["path": admin]]],
            "static_resources": [
                "clusters": [ours], "listeners": entrance.map { [listener($0)] } ?? [],
            ],
        ]
        let json = try JSONSerialization.data(withJSONObject: whole)
        return String(decoding: json, as: UTF8.self)
    }

    private static func listener(_ entrance: String) -> [String: Any] {
        let type = "type.googleapis.com/envoy.extensions.filters"
        let route: [String: Any] = ["match": ["prefix": "/"], "route": ["cluster": "ours"]]
        let host: [String: Any] = ["name": "all", "domains": ["*"], "routes": [route]]
        let router: [String: Any] = [
            "name": "router", "typed_config": ["@type": "\(type).http.router.v3.Router"],
        ]
        let http: [String: Any] = [
            "@type": "\(type).network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "in", "route_config": ["virtual_hosts": [host]],
            "http_filters": [router],
        ]
        let filter: [String: Any] = ["name": "http", "typed_config": http]
        return [
            "name": "in", "address": ["pipe": ["path": entrance]],
            "filter_chains": [["filters": [filter]]],
        ]
    }

    private func ask(_ path: String) async throws -> String {
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
            """, admin, path,
        ]).output
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
}
