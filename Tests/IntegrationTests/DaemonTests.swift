import Foundation
import TestKit
import Testing

/// The built program on a real etcd: what users see.
@Suite struct DaemonTests {
    @Test(arguments: EtcdVersion.allCases)
    func threeDaemonsWriteTheSameListAndItIsEtcds(version: EtcdVersion) async throws {
        try await Fleet.with(version) { fleet in
            let one = try fleet.start("one", services: ["web/w1": 8080], lease: Fleet.long)
            let two = try fleet.start(
                "two",
                services: ["web/w2": 8081, "db/d2": 5432],
                lease: Fleet.long
            )
            let three = try fleet.start("three", services: ["cache/c3": 6379], lease: Fleet.long)
            let all = ["cache/c3", "db/d2", "web/w1", "web/w2"]
            try await eventually("all see all") { fleet.hosts.allSatisfy { $0.keys == all } }
            #expect(one.services == two.services && two.services == three.services)
            #expect(try await fleet.keysInEtcd() == all)

            // A stopped one says goodbye: its lease would live for longer than anybody waits here.
            two.process.send(SIGTERM)
            #expect(try await two.process.ended() == 0)
            try await eventually("its services are gone") {
                one.keys == ["cache/c3", "web/w1"] && three.keys == one.keys
            }
            #expect(two.process.printed.contains("all services deregistered"))
            #expect(try await fleet.etcd.etcdctl("lease", "list").contains("found 2 leases"))
        }
    }

    @Test func anIdOfAnotherHostIsRefusedByNameAndTakenOverWhenItIsFreed() async throws {
        try await Fleet.with { fleet in
            let granted = try await fleet.etcd.etcdctl("lease", "grant", "60")
            let lease = String(try #require(granted.split(separator: " ").dropFirst().first))
            let theirs = #"{"Addr":"10.9.9.9:99","discoveryd":{"schema":1,"owner":"other-host"}}"#
            try await fleet.etcd.etcdctl("put", "--lease=\(lease)", "services/web/w1", theirs)
            let host = try fleet.start("one", services: ["web/w1": 8080, "db/d1": 5432])
            try await eventually("refused by name, the other one registered") {
                host.process.printed.contains(
                    "held by host other-host at 10.9.9.9:99 under lease \(lease)"
                )
                    && host.process.printed.contains("ready") && host.keys == ["db/d1", "web/w1"]
            }
            #expect(host.file?.contains("10.9.9.9:99") == true)
            try await fleet.etcd.etcdctl("lease", "revoke", lease)
            try await eventually("taken over") {
                host.file?.contains(#""id":"w1","addr":"10.0.0.5:8080""#) == true
            }
        }
    }

    @Test func hostileValuesInEtcdHarmNobody() async throws {
        try await Fleet.with { fleet in
            try await fleet.etcd.etcdctl("put", "services/web/good", "10.0.0.1:80")
            try await fleet.etcd.etcdctl("put", "services/web/../../etc/passwd", "10.0.0.1:80")
            try await fleet.etcd.etcdctl("put", "services/$(reboot)/;{}", "10.0.0.2:80")
            for (id, value) in [
                ("newline", "10.0.0.1:80\nserver evil"), ("empty", ""),
                ("deep", String(repeating: "[", count: 9000)),
                ("huge", String(repeating: "x", count: 100_000)), ("zone", "[fe80::1%eth0]:80"),
                ("tags", #"{"Addr":"10.0.0.1:80","discoveryd":{"tags":["a\nb"]}}"#),
            ] {
                try await fleet.etcd.etcdctl("put", "services/web/\(id)", "--", value)
            }
            let host = try fleet.start("one", services: [:])
            try await eventually("the good ones are there") {
                host.keys == ["$(reboot)/;{}", "web/good"]
            }
            // The file does not wait for the log.
            try await eventually("each of the others is logged once") {
                host.process.printed.split(separator: "\n").count {
                    $0.contains("invalid record in etcd skipped")
                } == 6
            }
            #expect(host.process.isRunning)
        }
    }
}
