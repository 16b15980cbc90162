import Foundation
import TestKit
import Testing

/// `discoveryd events` and `discoveryd explain`, of a real daemon and a real etcd.
@Suite struct EventsTests {
    @Test func `an endpoint of another host is explained from its first to its last change`()
        async throws
    {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("registered") { host.keys == ["web/w1"] }
            try await fleet.put("db/d1", "10.0.0.9:5432")
            try await fleet.put("db/d1", "10.0.0.10:5432")
            try await fleet.put("db/d1", "nonsense")
            _ = try await fleet.etcd.etcdctl("del", "services/db/d1")
            try await eventually("all of it is told") {
                try await events(of: "db/d1", on: host)
                    == ["appeared", "changed", "invalid", "vanished"]
            }
            let text = try await host.ask("explain", "db/d1").output
            #expect(text.contains("changed: address 10.0.0.9:5432 to 10.0.0.10:5432"))
            #expect(text.contains("invalid: the value has no usable HOST:PORT"))
            let nobody = try await host.ask("explain", "db/d2")
            #expect(nobody.status == 64 && nobody.errors.contains("nothing is known here of db/d2"))
        }
    }

    @Test func `a service of this host is explained with its lease, its checks and its files`()
        async throws
    {
        try await Fleet.with { fleet in
            let check =
                "[{ exec = [\"/usr/bin/test\", \"-e\", \"\(fleet.directory.file("well"))\"], "
            let service = """
                [[service]]
                name = "api"
                id = "a1"
                port = 80
                address = "10.0.0.5"
                check = \(check)interval = "1s", fall = 2, rise = 1 }]

                """
            try fleet.directory.write("well", "")
            let host = try fleet.start("one", services: [:], more: service)
            try await eventually("registered") { host.keys == ["api/a1"] }
            try FileManager.default.removeItem(atPath: fleet.directory.file("well"))
            try await eventually("deregistered") { host.keys == [] }
            try await eventually("all of it is told") {
                let events = try await events(of: "api/a1", on: host)
                return events.contains("left")
                    && Set(events).isSuperset(of: [
                        "granted", "healthy", "appeared", "registered", "check_failed",
                        "unhealthy", "deregistered",
                    ])
            }
            let text = try await host.ask("explain", "api").output
            #expect(text.contains("of this host: unhealthy, checks failing"), "\(text)")
            #expect(text.contains("check failed: exec /usr/bin/test"), "\(text)")
        }
    }

    @Test func `who follows sees each event once, also over a restart`() async throws {
        try await Fleet.with { fleet in
            var host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("registered") { host.keys == ["web/w1"] }
            let follower = try DaemonProcess(
                [
                    "events", "--follow", "-o", "json", "--control-socket",
                    fleet.directory.file("one.sock"),
                ],
                log: fleet.directory.file("followed")
            )
            defer { follower.send(SIGKILL) }
            func seen() -> [(number: Int, text: String)] {
                follower.printed.split(separator: "\n").compactMap { line in
                    let event = try? JSONSerialization.jsonObject(with: Data(line.utf8))
                    guard let event = event as? [String: Any], let number = event["number"] as? Int
                    else { return nil }
                    return (number, "\(event["id"] ?? "") \(event["event"] ?? "")")
                }
            }
            for number in 1...20 { try await fleet.put("db/d\(number)", "10.0.0.\(number):80") }
            try await eventually("all came") { seen().contains { $0.text == "d20 appeared" } }
            let numbers = seen().map(\.number)
            #expect(Set(numbers).count == numbers.count && numbers == numbers.sorted())
            #expect(seen().filter { $0.text.hasSuffix(" appeared") }.count == 21)

            host.process.send(SIGTERM)
            _ = try await host.process.ended()
            host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("registered again") { host.keys.contains("web/w1") }
            try await fleet.put("db/after", "10.0.0.99:80")
            try await eventually("the new run is followed") {
                seen().contains { $0.text == "after appeared" }
            }
            #expect(seen().filter { $0.text == "after appeared" }.count == 1)
        }
    }

    private func events(of subject: String, on host: Fleet.Host) async throws -> [String] {
        let json = try await host.ask("explain", subject, "-o", "json").output
        let report = try? JSONSerialization.jsonObject(with: Data(json.utf8))
        let events = (report as? [String: Any])?["events"] as? [[String: Any]] ?? []
        return events.compactMap { $0["event"] as? String }
    }
}
