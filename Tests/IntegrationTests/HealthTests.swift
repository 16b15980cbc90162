import Foundation
import TestKit
import Testing

/// Registered means usable: the built program and real checks.
@Suite struct HealthTests {
    @Test func aServiceIsRegisteredWhileItsCheckPasses() async throws {
        try await Fleet.with { fleet in
            let observer = try fleet.start("observer", services: [:])
            let flag = fleet.directory.file("well")
            let host = try fleet.start(
                "one",
                services: ["db/d1": 5432],
                more: Self.service(check: "exec = [\"/usr/bin/test\", \"-e\", \"\(flag)\"]")
            )
            try await eventually("the one without checks is there") { observer.keys == ["db/d1"] }
            try await eventually("the other one is said to be unwell") {
                host.process.printed.contains(
                    "health check failed, deregistered: exec /usr/bin/test"
                )
            }
            let down = try await host.ask("status").output
            #expect(down.contains("unhealthy") && down.contains("failing"))
            let lease = try await fleet.etcd.etcdctl("lease", "list")
            try fleet.directory.write("well", "")
            try await eventually("it comes when its check passes") {
                observer.keys == ["db/d1", "web/w1"]
            }
            let up = try await host.ask("status").output
            #expect(up.contains("passing") && !up.contains("unhealthy"))
            try FileManager.default.removeItem(atPath: flag)
            try await eventually("it goes when its check fails, and it alone") {
                observer.keys == ["db/d1"]
            }
            #expect(try await fleet.etcd.etcdctl("lease", "list") == lease)
            try await eventually("said in the status file") {
                host.directory.status("one")?.services.contains { $0.status == "unhealthy" } == true
            }
        }
    }

    @Test func aChangeOfHealthWhileEtcdIsAwayIsAppliedWhenItReturns() async throws {
        try await Fleet.with { fleet in
            let flag = try fleet.directory.write("well", "")
            let host = try fleet.start(
                "one",
                services: ["db/d1": 5432],
                more: Self.service(check: "exec = [\"/usr/bin/test\", \"-e\", \"\(flag)\"]")
            )
            try await eventually("both are there") { host.keys == ["db/d1", "web/w1"] }
            fleet.etcd.kill()
            try FileManager.default.removeItem(atPath: flag)
            try await eventually("unwell") {
                host.process.printed.contains("health check failed, deregistered")
            }
            // Losing etcd is no news of health, and health no reason to touch the list meanwhile.
            #expect(host.keys == ["db/d1", "web/w1"])
            try await fleet.etcd.start()
            try await eventually("applied", within: .seconds(20)) { host.keys == ["db/d1"] }
        }
    }

    /// What goes on over a restart is what stood there, not what a check had taken out.
    @Test func aServiceThatWasOutStaysOutOverARestart() async throws {
        try await Fleet.with { fleet in
            let state = try fleet.stateDirectory()
            let flag = try fleet.directory.write("well", "")
            let more = Self.service(check: "exec = [\"/usr/bin/test\", \"-e\", \"\(flag)\"]")
            var host = try fleet.start(
                "one",
                services: ["db/d1": 5432],
                lease: Fleet.keepsLease,
                more: more,
                state: state
            )
            try await eventually("both are there") { host.keys == ["db/d1", "web/w1"] }
            try FileManager.default.removeItem(atPath: flag)
            try await eventually("taken out") { host.keys == ["db/d1"] }
            host.process.send(SIGTERM)
            #expect(try await host.process.ended() == 0)
            host = try fleet.start(
                "one",
                services: ["db/d1": 5432],
                lease: Fleet.keepsLease,
                more: more,
                state: state
            )
            let next = host.process
            try await eventually("goes on") {
                next.printed.contains("lease of the previous run continued")
            }
            try await eventually("its check has spoken") {
                next.printed.contains("health check failed, deregistered")
            }
            #expect(!next.printed.contains("registered id=w1"))
            #expect(host.keys == ["db/d1"])
        }
    }

    @Test func theStartWaitsForTheFirstWordOfEachCheck() async throws {
        try await Fleet.with { fleet in
            let socket = try NotifySocket()
            let host = try fleet.start(
                "one",
                services: [:],
                more: Self.service(check: "exec = [\"/bin/true\"], rise = 3"),
                environment: ["NOTIFY_SOCKET": socket.path]
            )
            _ = try await socket.first(saying: "READY=1", within: .seconds(10))
            #expect(host.keys == ["web/w1"])
        }
    }

    @Test func aServiceThatIsUnwellFromTheStartHoldsNothingUp() async throws {
        try await Fleet.with { fleet in
            let socket = try NotifySocket()
            _ = try fleet.start(
                "one",
                services: [:],
                more: Self.service(check: "tcp = \"127.0.0.1:1\""),
                environment: ["NOTIFY_SOCKET": socket.path]
            )
            let ready = try await socket.first(saying: "READY=1", within: .seconds(10))
            #expect(ready["STATUS"]?.contains("web not registered: tcp 127.0.0.1:1") == true)
        }
    }

    private static func service(check: String) -> String {
        """
        [[service]]
        name = "web"
        id = "w1"
        port = 8080
        address = "10.0.0.5"
        check = [{ \(check), interval = "200ms" }]

        """
    }
}
