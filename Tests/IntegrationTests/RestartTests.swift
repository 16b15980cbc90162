import Foundation
import TestKit
import Testing

/// What one run of the built program leaves for the next.
@Suite struct RestartTests {
    @Test func tenRestartsInARowAreNotSeenByAnybody() async throws {
        try await Fleet.with { fleet in
            let state = try fleet.stateDirectory()
            let observer = try fleet.start("observer", services: [:])
            var host = try fleet.start(
                "one",
                services: ["web/w1": 8080, "db/d1": 5432],
                lease: Fleet.keepsLease,
                state: state
            )
            try await eventually("registered") { observer.keys == ["db/d1", "web/w1"] }
            let before = try await fleet.etcd.etcdctl("get", "--prefix", "services/", "-w", "json")
            let file = observer.file
            for _ in 0..<10 {
                host.process.send(SIGTERM)
                #expect(try await host.process.ended() == 0)
                host = try fleet.start(
                    "one",
                    services: ["web/w1": 8080, "db/d1": 5432],
                    lease: Fleet.keepsLease,
                    state: state
                )
                try await eventually("registered again") {
                    host.process.printed.contains("id=w1") && host.keys.count == 2
                }
            }
            let after = try await fleet.etcd.etcdctl("get", "--prefix", "services/", "-w", "json")
            // Not one revision more: nobody has been woken.
            #expect(revision(before) == revision(after) && revision(after) != nil)
            #expect(observer.file == file)
            #expect(host.process.printed.contains("lease of the previous run continued"))
        }
    }

    @Test func aCrashIsNotSeenByAnybodyWhenTheNextRunComesInTime() async throws {
        try await Fleet.with { fleet in
            let state = try fleet.stateDirectory()
            let host = try fleet.start("one", services: ["web/w1": 8080], state: state)
            try await eventually("registered") { host.keys == ["web/w1"] }
            let before = try await fleet.etcd.etcdctl("get", "--prefix", "services/", "-w", "json")
            host.process.send(SIGKILL)
            _ = try await host.process.ended()
            let next = try fleet.start("one", services: ["web/w1": 8080], state: state)
            try await eventually("goes on") {
                next.process.printed.contains("lease of the previous run continued")
                    && next.process.printed.contains("ready")
            }
            let after = try await fleet.etcd.etcdctl("get", "--prefix", "services/", "-w", "json")
            #expect(revision(before) == revision(after))
        }
    }

    @Test func whatIsNoLongerConfiguredAfterARestartIsTakenOut() async throws {
        try await Fleet.with { fleet in
            let state = try fleet.stateDirectory()
            let services = ["web/w1": 8080, "db/d1": 5432]
            let host = try fleet.start(
                "one",
                services: services,
                lease: Fleet.keepsLease,
                state: state
            )
            try await eventually("registered") { host.keys.count == 2 }
            host.process.send(SIGTERM)
            #expect(try await host.process.ended() == 0)
            #expect(try await fleet.keysInEtcd() == ["db/d1", "web/w1"])
            let next = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                lease: Fleet.keepsLease,
                state: state
            )
            try await eventually("taken out", within: .seconds(5)) { next.keys == ["web/w1"] }
        }
    }

    @Test func withoutSystemdAStopTakesTheRegistrationsOut() async throws {
        try await Fleet.with { fleet in
            let state = try fleet.stateDirectory()
            let host = try fleet.start("one", services: ["web/w1": 8080], state: state)
            try await eventually("registered") { host.keys == ["web/w1"] }
            host.process.send(SIGTERM)
            #expect(try await host.process.ended() == 0)
            #expect(try await fleet.keysInEtcd().isEmpty)
            #expect(!FileManager.default.fileExists(atPath: "\(state)/lease.json"))
        }
    }

    @Test func afterARebootWithoutEtcdTheLastListIsServedAndSaid() async throws {
        try await Fleet.with { fleet in
            let state = try fleet.stateDirectory()
            let first = try fleet.start("one", services: ["web/w1": 8080], state: state)
            let last = "\(state)/last-list.json"
            try await eventually("kept") {
                (try? String(contentsOfFile: last, encoding: .utf8))?.contains("w1") == true
            }
            let file = try #require(first.file)
            first.process.send(SIGKILL)
            _ = try await first.process.ended()
            fleet.etcd.kill()
            // /run is empty after a boot.
            try FileManager.default.removeItem(atPath: fleet.directory.file("one.json"))

            let socket = try NotifySocket()
            let next = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                more: "[start]\ntimeout = \"1s\"\n",
                environment: ["NOTIFY_SOCKET": socket.path],
                state: state
            )
            let ready = try await socket.first(saying: "READY=1", within: .seconds(10))
            #expect(
                ready["STATUS"]?.contains("the endpoint list of an earlier run, as of 20") == true
            )
            #expect(next.services == first.services && next.file?.isEmpty == false)
            try await eventually("said in the status file too") {
                next.directory.status("one")?.state == "degraded"
            }
            #expect(file.contains("w1"))

            try await fleet.etcd.start()
            try await eventually("right again", within: .seconds(20)) {
                next.directory.status("one")?.state == "current"
                    && next.keys == ["web/w1"]
            }
        }
    }

    @Test func withoutAnyListTheStartEndsDegradedAndTheListComesSoonAfterEtcd() async throws {
        try await Fleet.with { fleet in
            fleet.etcd.kill()
            let socket = try NotifySocket()
            let host = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                more: "[start]\ntimeout = \"1s\"\n",
                environment: ["NOTIFY_SOCKET": socket.path]
            )
            let ready = try await socket.first(saying: "READY=1", within: .seconds(10))
            #expect(ready["STATUS"]?.contains("degraded: no files yet, waiting for etcd") == true)
            #expect(host.file == nil)
            #expect(host.process.printed.contains("start etcd, or set endpoints in"))
            try await fleet.etcd.start()
            // A second for the next attempt and one for the turn; its registration comes when it comes.
            try await eventually("a list", within: .seconds(4)) { host.file != nil }
            try await eventually("registered", within: .seconds(20)) { host.keys == ["web/w1"] }
        }
    }

    private func revision(_ json: String) -> Int? {
        let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return (object?["header"] as? [String: Any])?["revision"] as? Int
    }
}
