import Foundation
import TestKit
import Testing

/// Start, reload and stop of the built program, with a notify socket in systemd's place.
@Suite struct LifeCycleTests {
    @Test func readySaysThatTheFileIsThereAndTheServiceRegistered() async throws {
        try await Fleet.with { fleet in
            let socket = try NotifySocket()
            let host = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                environment: ["NOTIFY_SOCKET": socket.path]
            )
            _ = try await socket.first(saying: "READY=1", within: .seconds(10))
            #expect(host.keys == ["web/w1"])
            #expect(try await fleet.keysInEtcd() == ["web/w1"])
            host.process.send(SIGTERM)
            _ = try await socket.first(saying: "STOPPING=1", within: .seconds(5))
            #expect(try await host.process.ended() == 0)
            #expect(try await fleet.keysInEtcd().isEmpty)
            #expect(host.directory.status("one")?.state == "stopped")
            // The watch ends because we do: nothing was lost.
            #expect(!host.process.printed.contains("endpoint list may be stale"))
        }
    }

    @Test func whileEtcdIsAwaySystemdIsAskedForPatienceAndTheWatchdogIsServed() async throws {
        try await Fleet.with { fleet in
            fleet.etcd.kill()
            let socket = try NotifySocket()
            let host = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                more: "[start]\ntimeout = \"1s\"\nwhen_etcd_is_away = \"wait\"\n",
                environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "1000000"]
            )
            let first = try await socket.first(
                saying: "EXTEND_TIMEOUT_USEC=15000000",
                within: .seconds(5)
            )
            #expect(first["STATUS"]?.contains("waiting for etcd") == true)
            for _ in 0..<6 {
                _ = try await socket.first(saying: "WATCHDOG=1", within: .seconds(10))
            }
            // There is no list to be ready with, however long it takes.
            #expect(!host.process.printed.contains("ready"))
            try await fleet.etcd.start()
            _ = try await socket.first(saying: "READY=1", within: .seconds(20))
            // The start timeout is over: the first list is enough, the registration follows.
            try await eventually("registered") { host.keys == ["web/w1"] }
        }
    }

    @Test func aHostWithoutServicesReadsOnlyAndNeedsNoLease() async throws {
        try await Fleet.with { fleet in
            let socket = try NotifySocket()
            let host = try fleet.start(
                "one",
                services: [:],
                environment: ["NOTIFY_SOCKET": socket.path]
            )
            _ = try await socket.first(saying: "READY=1", within: .seconds(10))
            #expect(host.keys.isEmpty && host.services == "{}")
            #expect(try await fleet.etcd.etcdctl("lease", "list").contains("found 0 leases"))
        }
    }

    @Test func aReloadAddsChangesAndRemovesWithoutTouchingTheRest() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 80, "web/w2": 81, "web/w3": 82])
            try await eventually("registered") { host.keys.count == 3 }
            let untouched = try await fleet.etcd.etcdctl("get", "services/web/w1", "-w", "fields")
            try fleet.configure(
                "one",
                services: ["web/w1": 80, "web/w2": 9081, "db/d1": 5432],
                more:
                    "[[output]]\npath = \"\(fleet.directory.file("db.json"))\"\nservices = [\"db\"]\n"
            )
            host.process.send(SIGHUP)
            try await eventually("applied") {
                host.keys == ["db/d1", "web/w1", "web/w2"]
                    && host.file?.contains("10.0.0.5:9081") == true
                    && fleet.directory.read("db.json")?.contains("d1") == true
            }
            let after = try await fleet.etcd.etcdctl("get", "services/web/w1", "-w", "fields")
            #expect(fields(after, "ModRevision") == fields(untouched, "ModRevision"))

            try fleet.configure("one", services: ["web/w1": 80])
            host.process.send(SIGHUP)
            try await eventually("the removed output is said, its file stays") {
                host.process.printed.contains("output no longer configured; its file stays")
                    && host.keys == ["web/w1"]
            }
            #expect(fleet.directory.read("db.json")?.contains("d1") == true)
        }
    }

    @Test func aReloadBeforeTheStartHasEndedDoesNotSayReady() async throws {
        try await Fleet.with { fleet in
            fleet.etcd.kill()
            let socket = try NotifySocket()
            let host = try fleet.start(
                "one",
                services: ["web/w1": 80],
                environment: ["NOTIFY_SOCKET": socket.path]
            )
            _ = try await socket.first(saying: "EXTEND_TIMEOUT_USEC=15000000", within: .seconds(5))
            host.process.send(SIGHUP)
            try await eventually("reloaded") {
                host.process.printed.contains("configuration reloaded")
            }
            try await fleet.etcd.start()
            _ = try await socket.first(saying: "READY=1", within: .seconds(20))
            #expect(host.keys == ["web/w1"])
        }
    }

    @Test func aFaultyReloadKeepsTheOldConfigurationAndSaysSo() async throws {
        try await Fleet.with { fleet in
            let socket = try NotifySocket()
            let host = try fleet.start(
                "one",
                services: ["web/w1": 80],
                environment: ["NOTIFY_SOCKET": socket.path]
            )
            _ = try await socket.first(saying: "READY=1", within: .seconds(10))
            try fleet.configure("one", services: ["web/w1": 80], more: "[nonsense]\n")
            host.process.send(SIGHUP)
            _ = try await socket.first(saying: "RELOADING=1", within: .seconds(5))
            let ready = try await socket.first(saying: "READY=1", within: .seconds(5))
            #expect(ready["STATUS"]?.contains("reloading") == false)
            try await eventually("said") {
                host.process.printed.contains("configuration reload failed")
            }
            #expect(host.keys == ["web/w1"])

            try fleet.configure("one", services: ["web/w1": 80], ttl: "20s")
            host.process.send(SIGHUP)
            try await eventually("what needs a restart is named") {
                host.process.printed.contains("[lease] has changed; restart the daemon")
            }
        }
    }

    @Test func aFaultyConfigurationGivesFiveSentencesAndExitStatus78() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write(
                "five.conf",
                """
                [lease]
                ttl = "1s"
                [[service]]
                name = "web"
                port = 80800
                weigth = 5
                [[service]]
                name = "db"
                port = "eighty"
                [[output]]
                path = "endpoints.json"
                """
            )
            for arguments in [["check", "-c", path], ["run", "-c", path]] {
                let result = try await Command(DaemonProcess.program, arguments).run()
                #expect(result.status == 78)
                for place in [
                    "2:7: [lease] ttl", "5:8: [service \"web\"] port", "6:1: [service \"web\"]",
                    "9:8: [service \"db\"] port", "11:8: [output",
                ] {
                    #expect(
                        result.errors.contains("\(path):\(place)"),
                        "\(place) in \(result.errors)"
                    )
                }
                #expect(result.errors.contains(#"unknown key "weigth", did you mean "weight"?"#))
            }
        }
    }

    private func fields(_ text: String, _ name: String) -> Substring? {
        text.split(separator: "\n").first { $0.contains("\"\(name)\"") }
    }
}
