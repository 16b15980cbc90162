import EndpointFiles
import Registry
import TestKit
import Testing

@Suite struct NginxReadsItsFileTests {
    @Test func itTakesEachUpstreamByItsName() async throws {
        let list = Lists.text(
            .nginx,
            [
                try Lists.endpoint("web", "1", weight: 200),
                try Lists.endpoint("web", "2", address: "2001:db8::6"),
                try Lists.endpoint("web", "3", state: .draining),
            ],
            services: try Lists.names("web", "db"),
            header: true
        )
        try await check(list.text, upstreams: ["web", "db"])
    }

    @Test func hostileNamesAreNamesToIt() async throws {
        let list = Lists.text(.nginx, try HostileEndpoints.all())
        // What nginx sees as two upstreams of one name it refuses: capitals and all.
        let names = list.text.split(separator: "\n").filter { $0.hasPrefix("upstream ") }
            .map { String($0.dropFirst(9).dropLast(2)) }
        #expect(names.count == HostileEndpoints.names.count)
        try await check(list.text, upstreams: names)
    }

    @Test func aServiceOfHostNamesAloneHasThePlaceholder() async throws {
        let list = Lists.text(
            .nginx,
            [try Lists.endpoint("web", "1", address: "no-such-host.invalid")]
        )
        #expect(list.rejections.map(\.fault.code) == [.hostName])
        try await check(list.text, upstreams: ["web"])
    }

    @Test func anEmptyFileIsFine() async throws {
        try await check(Lists.text(.nginx, []).text, upstreams: [])
    }

    /// `nginx -t`, with a location for each upstream: nginx would look for a host of another name.
    private func check(_ text: String, upstreams: [String]) async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("discoveryd.conf", text)
            let locations = upstreams.enumerated()
                .map { "location /\($0.offset) { proxy_pass http://\($0.element); }" }
            let result = try await Consumer.nginxTests(
                """
                include \(directory.file("discoveryd.conf"));
                server {
                    listen unix:\(directory.file("in"));
                    \(locations.joined(separator: "\n"))
                }
                """,
                in: directory
            )
            #expect(result.status == 0, "\(result.errors)\n\(text)")
        }
    }
}
