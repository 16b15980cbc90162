import Foundation
import TestKit
import Testing

/// Go's own naming, from Debian's golang-etcd-server-dev: what it makes of our records, and we of its.
@Suite struct GoNamingTests {
    @Test func goResolvesWhatWeRegisterAndWhatItAddsIsInOurFiles() async throws {
        try await Fleet.with { fleet in
            let program = try await GoProgram.built("Tests/IntegrationTests/Go/naming")
            let host = try fleet.start("one", services: ["web/w1": 8080])
            let printed = fleet.directory.file("resolved")
            let resolver = try ChildProcess(
                program,
                [fleet.etcd.endpoint, "resolve", "services/web"],
                output: printed,
                errors: fleet.directory.file("resolver.log")
            )
            defer { resolver.kill() }
            try await eventually("Go resolves ours") { last(of: printed) == "[10.0.0.5:8080]" }

            let adder = try ChildProcess(
                program,
                [fleet.etcd.endpoint, "add", "services/web", "10.0.0.9:90", "10.0.0.9:90"]
            )
            defer { adder.kill() }
            try await eventually("Go's is in our file") {
                host.keys == ["web/10.0.0.9:90", "web/w1"]
            }
            try await eventually("Go resolves both") {
                last(of: printed) == "[10.0.0.5:8080 10.0.0.9:90]"
            }
            try await fleet.put("web/bare", "10.0.0.7:70")
            try await eventually("a bare one is in our file") { host.keys.contains("web/bare") }

            adder.send(SIGTERM)
            #expect(try await adder.ended(within: .seconds(30)) == 0)
            try await eventually("Go's is gone from our file") {
                host.keys == ["web/bare", "web/w1"]
            }
            host.process.send(SIGTERM)
            #expect(try await host.process.ended() == 0)
            try await eventually("Go resolves nothing") { last(of: printed) == "[]" }
        }
    }

    @Test func goBalancesOverWhatWeRegister() async throws {
        try await Fleet.with { fleet in
            let program = try await GoProgram.built("Tests/IntegrationTests/Go/naming")
            // Any server of gRPC that tells its health: etcd is one.
            let port = fleet.etcd.endpoint.split(separator: ":").last ?? ""
            let host = try fleet.start(
                "one",
                services: [:],
                more: """
                    [[service]]
                    name = "store"
                    id = "s1"
                    port = \(port)
                    address = "127.0.0.1"
                    zone = "a"
                    tags = ["blue"]
                    meta = { version = "1.2" }
                    """
            )
            try await eventually("it is registered") { host.keys == ["store/s1"] }
            let dialled = try await Command(
                program,
                [fleet.etcd.endpoint, "dial", "services/store"]
            ).run()
            #expect(dialled.output == "SERVING\n", "\(dialled.errors)")
            #expect(dialled.status == 0)
        }
    }

    private func last(of file: String) -> String? {
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").last.map(String.init)
    }
}
