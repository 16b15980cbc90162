import Foundation
import TestKit
import Testing

/// `[host] zone` and `prefer_zone`, from the configuration to the file, to status and to the log.
@Suite struct ZonesTests {
    @Test func `the zone of the host decides, and a reload changes it`() async throws {
        try await Fleet.with { fleet in
            for (name, port, zone) in [("one", 8081, "a"), ("two", 8082, "b")] {
                try fleet.start(name, services: ["web/\(name)": port], more: host(zone))
            }
            // A reader that saw an empty zone first would hold that choice for up to a minute.
            try await eventually("both are registered") {
                try await fleet.keysInEtcd() == ["web/one", "web/two"]
            }
            let reader = try fleet.start("reader", services: [:], more: reading("a", fleet))
            func lines() -> String? { fleet.directory.read("lines") }
            try await eventually("the zone is preferred") { lines() == "web 10.0.0.5:8081\n" }
            #expect(try await zones(of: reader) == ["a"])
            #expect(try await spilling(of: reader) == [])

            try fleet.configure("reader", services: [:], more: reading("b", fleet))
            reader.process.send(SIGHUP)
            try await eventually("the other zone is") { lines() == "web 10.0.0.5:8082\n" }

            try fleet.configure("reader", services: [:], more: reading("nobody", fleet))
            reader.process.send(SIGHUP)
            try await eventually("traffic spills") {
                lines() == "web 10.0.0.5:8081\nweb 10.0.0.5:8082\n"
            }
            try await eventually("that is said") {
                try await spilling(of: reader) == ["web"]
                    && reader.process.printed.contains("traffic spills to others")
            }
            let text = try await reader.ask("status").output
            #expect(text.contains("prefers zone nobody; spilling: web"))
        }
    }

    private func host(_ zone: String) -> String { "[host]\nzone = \"\(zone)\"\n" }

    private func reading(_ zone: String, _ fleet: Fleet) -> String {
        """
        [[output]]
        path = "\(fleet.directory.file("lines"))"
        format = "lines"
        prefer_zone = true

        """ + host(zone)
    }

    private func zones(of host: Fleet.Host) async throws -> [String]? {
        try await output(of: host)?["preferred_zones"] as? [String]
    }

    private func spilling(of host: Fleet.Host) async throws -> [String]? {
        try await output(of: host)?["spilling"] as? [String]
    }

    private func output(of host: Fleet.Host) async throws -> [String: Any]? {
        let json = try await host.ask("status", "-o", "json").output
        let report = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return (report?["outputs"] as? [[String: Any]])?.first {
            ($0["path"] as? String)?.hasSuffix("/lines") == true
        }
    }
}
