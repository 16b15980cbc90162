import Foundation
import TestKit
import Testing

/// What one run of the built program leaves for the next.
@Suite struct RestartTests {
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
            try await eventually("taken out") { next.keys == ["web/w1"] }
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
            // Nothing is left of the locks.
            #expect(!fleet.directory.names.contains { $0.hasSuffix(".lock") })
            #expect(TemporaryDirectory(path: fleet.directory.file(".discoveryd")).names.isEmpty)
        }
    }
}
