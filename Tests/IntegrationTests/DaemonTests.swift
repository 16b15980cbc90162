import Foundation
import TestKit
import Testing

/// The built program on a real etcd: what users see.
@Suite struct DaemonTests {
    @Test(arguments: EtcdVersion.allCases)
    func threeDaemonsWriteTheSameListAndItIsEtcds(version: EtcdVersion) async throws {
        try await Fleet.with(version) { fleet in
            let one = try fleet.start("one", services: ["web/w1": 8080])
            let two = try fleet.start("two", services: ["web/w2": 8081, "db/d2": 5432])
            let three = try fleet.start("three", services: ["cache/c3": 6379])
            let all = ["cache/c3", "db/d2", "web/w1", "web/w2"]
            try await eventually("all see all") { fleet.hosts.allSatisfy { $0.keys == all } }
            #expect(one.services == two.services && two.services == three.services)
            #expect(try await fleet.keysInEtcd() == all)

            // A stopped one is gone from the others' files at once, and says goodbye.
            two.process.send(SIGTERM)
            #expect(try await two.process.ended(within: .seconds(4)) == 0)
            try await eventually("its services are gone", within: .seconds(1)) {
                one.keys == ["cache/c3", "web/w1"] && three.keys == one.keys
            }
            #expect(two.process.printed.contains("all services deregistered"))
            #expect(try await fleet.etcd.etcdctl("lease", "list").contains("found 2 leases"))
        }
    }

    @Test func aKilledDaemonIsGoneWithinItsTimeToLiveAndTwoSeconds() async throws {
        try await Fleet.with { fleet in
            let one = try fleet.start("one", services: [:])
            let two = try fleet.start("two", services: ["web/w2": 8081], ttl: "3s")
            try await eventually("seen") { one.keys == ["web/w2"] }
            two.process.send(SIGKILL)
            try await eventually("gone", within: .seconds(5)) { one.keys.isEmpty }
        }
    }

    @Test func aRestartOfEtcdChangesNoFileAndAllIsRegisteredAfterwards() async throws {
        try await Fleet.with { fleet in
            let one = try fleet.start("one", services: ["web/w1": 8080])
            let two = try fleet.start("two", services: ["web/w2": 8081])
            let both = ["web/w1", "web/w2"]
            try await eventually("both see both") { one.keys == both && two.keys == both }
            let before = one.file
            fleet.etcd.kill()
            try await eventually("the loss is said") {
                one.process.printed.contains("endpoint list may be stale")
            }
            #expect(one.file == before)
            try await eventually("and in the status file") {
                one.directory.status("one")?.state == "stale"
            }
            #expect(one.file == before)
            try await fleet.etcd.start()
            try await eventually("current again", within: .seconds(20)) {
                one.directory.status("one")?.state == "current"
                    && two.directory.status("two")?.state == "current"
            }
            #expect(try await fleet.keysInEtcd() == both)
            #expect(one.keys == both && two.keys == both)
        }
    }

    @Test func anEtcdThatLostEverythingIsFilledAgain() async throws {
        try await Fleet.with { fleet in
            let one = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("seen") { one.keys == ["web/w1"] }
            for number in 0..<10 { try await fleet.etcd.etcdctl("put", "other", "\(number)") }
            fleet.etcd.kill()
            try fleet.etcd.wipe()
            try await fleet.etcd.start()
            try await eventually("registered anew", within: .seconds(30)) {
                try await fleet.keysInEtcd() == ["web/w1"]
            }
            try await eventually("said and seen") {
                one.process.printed.contains("restored from an older state")
                    && one.keys == ["web/w1"]
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aRevokedLeaseADeletedAndAnOverwrittenKeyAreBackWithinSeconds(version: EtcdVersion)
        async throws
    {
        try await Fleet.with(version) { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("seen") { host.keys == ["web/w1"] }
            let ours = try await fleet.etcd.etcdctl("get", "services/web/w1")
            let lease = try #require(
                try await fleet.etcd.etcdctl("lease", "list").split(separator: "\n").last
            )

            try await fleet.etcd.etcdctl("lease", "revoke", String(lease))
            try await eventually("back after a revoke", within: .seconds(5)) {
                try await fleet.etcd.etcdctl("get", "services/web/w1") == ours
            }
            try await fleet.etcd.etcdctl("del", "services/web/w1")
            try await eventually("back after a deletion", within: .seconds(5)) {
                try await fleet.etcd.etcdctl("get", "services/web/w1") == ours
            }
            try await fleet.etcd.etcdctl("put", "services/web/w1", "10.6.6.6:66")
            try await eventually("back after an overwrite", within: .seconds(5)) {
                try await fleet.etcd.etcdctl("get", "services/web/w1") == ours
            }
            try await eventually("and in the file") {
                host.file?.contains(#""addr":"10.0.0.5:8080""#) == true
            }
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
            try await eventually("taken over", within: .seconds(5)) {
                host.file?.contains(#""id":"w1","addr":"10.0.0.5:8080""#) == true
            }
        }
    }

    @Test func twoDaemonsOfOneHostWithOneIdDoNotFight() async throws {
        try await Fleet.with { fleet in
            let one = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("registered") { one.keys == ["web/w1"] }
            let two = try fleet.start("two", services: ["web/w1": 9090])
            try await eventually("refused") {
                two.process.printed.contains("held by this same host")
            }
            let version = try await fleet.etcd.etcdctl("get", "services/web/w1", "-w", "fields")
            #expect(version.contains("\"Version\" : 1\n"))
            one.process.send(SIGTERM)
            try await eventually("the second takes over") {
                two.file?.contains("10.0.0.5:9090") == true
            }
        }
    }

    @Test func aCompactionWhileTheWatchIsCutOffLosesNoDeletion() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            for id in ["a", "b", "c"] {
                try await fleet.etcd.etcdctl("put", "services/db/\(id)", "10.1.1.1:5432")
            }
            try await eventually("all seen") { host.keys == ["db/a", "db/b", "db/c", "web/w1"] }

            // The daemon is stopped in mid-stride, and its connection breaks meanwhile.
            host.process.send(SIGSTOP)
            try await fleet.etcd.etcdctl("del", "services/db/b")
            let answer = try await fleet.etcd.etcdctl(
                "put",
                "services/db/d",
                "10.1.1.1:5432",
                "-w",
                "fields"
            )
            let revision = try #require(
                answer.split(separator: "\n").first { $0.contains("Revision") }?.split(
                    separator: " "
                ).last
            )
            try await fleet.etcd.etcdctl("compact", String(revision))
            fleet.etcd.kill()
            try await fleet.etcd.start()
            host.process.send(SIGCONT)
            try await eventually("the list is right", within: .seconds(20)) {
                host.keys == ["db/a", "db/c", "db/d", "web/w1"]
            }
        }
    }

    @Test func tenThousandEndpointsAreAllInTheFile() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("registered") { host.keys == ["web/w1"] }
            try await fleet.etcd.fill(services: 200, instances: 50)
            try await eventually("all in the file", within: .seconds(60)) {
                host.keys.count == 10_001
            }
            try await fleet.etcd.etcdctl("put", "services/s7/one-more", "10.7.7.7:77")
            try await eventually("and one more") { host.file?.contains("10.7.7.7:77") == true }
            #expect(host.keys.count == 10_002)
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

extension EtcdServer {
    /// Puts `services` times `instances` endpoints, in transactions of 100.
    func fill(services: Int, instances: Int) async throws {
        let keys = (0..<services).flatMap { service in
            (0..<instances).map { "services/s\(service)/i\($0) 10.\(service).0.\($0):80" }
        }
        for start in stride(from: 0, to: keys.count, by: 100) {
            let puts = keys[start..<min(start + 100, keys.count)].map { "put \($0)" }
            try await transaction("\n" + puts.joined(separator: "\n") + "\n\n\n")
        }
    }
}
