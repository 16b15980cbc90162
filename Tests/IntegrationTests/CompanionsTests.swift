import Foundation
import TestKit
import Testing

/// What a service is told as beside our own record, by the built program.
@Suite struct CompanionsTests {
    private let web = "also = [\"skydns\"]\ndomain = \"cluster.local\"\n"

    @Test(arguments: EtcdVersion.allCases)
    func aRecordForCoreDNSComesAndGoesWithTheService(version: EtcdVersion) async throws {
        try await Fleet.with(version) { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080], more: web)
            try await eventually("registered") { host.keys == ["web/w1"] }
            let both = try await fleet.etcd.etcdctl("get", "", "--from-key", "-w", "json")
            let records = try records(both)
            let dns = try #require(records["/skydns/local/cluster/web/w1"])
            let ours = try #require(records["services/web/w1"])
            #expect(
                dns.value
                    == #"{"host":"10.0.0.5","port":8080,"priority":10,"weight":100,"ttl":30}"#
            )
            #expect(dns.revision == ours.revision && dns.lease == ours.lease && dns.lease != 0)

            _ = try await host.ask("drain", "web")
            try await eventually("it drains") { host.states["web/w1"] == "draining" }
            #expect(try await aside(fleet) == [])
            _ = try await host.ask("undrain", "web")
            try await eventually("it is back") { host.states["web/w1"] == "up" }
            #expect(try await aside(fleet) == ["/skydns/local/cluster/web/w1"])

            host.process.send(SIGTERM)
            #expect(try await host.process.ended() == 0)
            #expect(try await aside(fleet) == [])
        }
    }

    @Test func aRecordThatAnEarlierRunWasConfiguredForIsTakenOutByTheNext() async throws {
        try await Fleet.with { fleet in
            let state = try fleet.stateDirectory()
            let first = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                lease: Fleet.keepsLease,
                more: web,
                state: state
            )
            try await eventually("registered") { first.keys == ["web/w1"] }
            first.process.send(SIGTERM)
            #expect(try await first.process.ended() == 0)
            #expect(try await aside(fleet) == ["/skydns/local/cluster/web/w1"])
            let next = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                lease: Fleet.keepsLease,
                state: state
            )
            try await eventually("goes on") {
                next.process.printed.contains("lease of the previous run continued")
            }
            try await eventually("taken out") { try await aside(fleet) == [] }
        }
    }

    private struct Stored: Decodable {
        let key: Data
        let value: Data?
        let revision: Int
        let lease: Int?

        enum CodingKeys: String, CodingKey {
            case key, value, lease
            case revision = "mod_revision"
        }
    }

    private struct Answer: Decodable {
        let kvs: [Stored]?
    }

    private func records(
        _ json: String
    ) throws -> [String: (value: String, revision: Int, lease: Int)] {
        let stored = try JSONDecoder().decode(Answer.self, from: Data(json.utf8)).kvs ?? []
        return Dictionary(
            uniqueKeysWithValues: stored.map { record in
                (
                    String(decoding: record.key, as: UTF8.self),
                    (
                        String(decoding: record.value ?? Data(), as: UTF8.self),
                        record.revision, record.lease ?? 0
                    )
                )
            }
        )
    }

    /// The keys that are there for CoreDNS.
    private func aside(_ fleet: Fleet) async throws -> [String] {
        let json = try await fleet.etcd.etcdctl("get", "--prefix", "/skydns/", "-w", "json")
        return try records(json).keys.sorted()
    }
}
