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
            #expect(report["state"] as? String == "current" && report["schema"] as? Int == 1)
            #expect(report["endpoint_count"] as? Int == 1 && report["ttl_seconds"] as? Int == 10)
            let service = try #require((report["services"] as? [[String: Any]])?.first)
            #expect(service["status"] as? String == "registered" && service["since"] != nil)
            let output = try #require((report["outputs"] as? [[String: Any]])?.first)
            #expect(output["status"] as? String == "current" && output["age_seconds"] != nil)
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
                #expect(result.errors.contains("discoveryd is not running here"))
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
            let drained = try await host.ask("drain", "--for", "2s")
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
                lease: "[lease]\ndrain = \"2s\"\n"
            )
            try await eventually("registered") { observer.states == ["web/w1": "up"] }
            let began = ContinuousClock.now
            host.process.send(SIGTERM)
            try await eventually("drains", within: .seconds(2)) {
                observer.states == ["web/w1": "draining"]
            }
            #expect(host.process.isRunning)
            #expect(try await host.process.ended() == 0)
            #expect(ContinuousClock.now - began >= .seconds(2))
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

    /// The leases of the keys, as etcd tells them.
    private func leases(_ fleet: Fleet) async throws -> [String] {
        let json = try await fleet.etcd.etcdctl("get", "--prefix", "services/", "-w", "json")
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return (object?["kvs"] as? [[String: Any]] ?? []).map { "\($0["lease"] ?? "none")" }
    }
}
