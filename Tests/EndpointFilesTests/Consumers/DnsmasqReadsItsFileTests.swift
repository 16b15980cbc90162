import EndpointFiles
import Registry
import TestKit
import Testing

@Suite struct DnsmasqReadsItsFileTests {
    @Test func itAnswersWithTheAddresses() async throws {
        let list = Lists.text(
            .hosts(domain: .standard),
            [
                try Lists.endpoint("web", "web-1"),
                try Lists.endpoint("web", "web-2", address: "10.0.0.6"),
                try Lists.endpoint("web", "10.0.0.7:80", address: "10.0.0.7"),
                try Lists.endpoint("db", "a.example-5432", address: "10.0.0.8"),
            ],
            header: true
        )
        let answers = try await answers(
            list.text,
            to: ["web", "web-1.web", "web-2.web", "a.example-5432.db"]
        )
        #expect(
            answers == ["10.0.0.5 10.0.0.6 10.0.0.7", "10.0.0.5", "10.0.0.6", "10.0.0.8"]
        )
    }

    @Test func hostileNamesAreLeftOutOrNamesUnderTheDomain() async throws {
        let list = Lists.text(.hosts(domain: .standard), try HostileEndpoints.all())
        let answers = try await answers(
            list.text,
            to: ["web", "localhost", "com", "3scale", "a--b", "a-b", "x2e~41", "%00"]
        )
        #expect(answers.map(\.isEmpty) == [false, false, false, false, false, false, true, true])
    }

    @Test func anEmptyFileIsFine() async throws {
        let list = Lists.text(.hosts(domain: .standard), [], services: try Lists.names("web"))
        #expect(list.text.isEmpty)
        #expect(try await answers(list.text, to: ["web"]) == [""])
    }

    /// The IPv4 addresses of names under our domain, for a dnsmasq that has read the file.
    private func answers(_ text: String, to names: [String]) async throws -> [String] {
        try await TemporaryDirectory.with { directory in
            let hosts = try directory.write("hosts", text)
            return try await RunningDnsmasq.with("addn-hosts", hosts) { dnsmasq in
                try await dnsmasq.addresses(of: names.map { "\($0).\(DomainName.standard)" })
            }
        }
    }
}
