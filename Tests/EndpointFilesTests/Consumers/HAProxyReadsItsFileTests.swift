import Registry
import TestKit
import Testing

@testable import EndpointFiles

@Suite struct HAProxyReadsItsFileTests {
    @Test func itTakesTheServersAsWeMeanThem() async throws {
        let endpoints = [
            try Lists.endpoint("web", "web-1", weight: 200),
            try Lists.endpoint("web", "web-2", address: "2001:db8::6", weight: 100),
            try Lists.endpoint("web", "10.0.0.7:8080", address: "10.0.0.7", state: .draining),
            try Lists.endpoint("db", "db-1", port: 5432, weight: 65535),
            try Lists.endpoint("db", "db-2", port: 5433, weight: 1),
        ]
        let names = try Lists.names("web", "db", "empty")
        let servers = try await running(
            Lists.text(.haproxy(), endpoints, services: names, header: true).text
        )
        #expect(
            servers == [
                "db/db-1 10.0.0.5:5432 256", "db/db-2 10.0.0.5:5433 1",
                "web/10.0.0.7:3a8080 10.0.0.7:8080 0", "web/web-1 10.0.0.5:8080 200",
                "web/web-2 2001:db8::6:8080 100",
            ]
        )
    }

    @Test func hostileNamesAreNamesToIt() async throws {
        let list = Lists.text(.haproxy(), try HostileEndpoints.all())
        #expect(list.rejections == [])
        let servers = try await running(list.text)
        #expect(servers.count == HostileEndpoints.names.count)
    }

    /// `init-addr libc` would ask the system's resolver for one after the other, before anything else is done.
    @Test func hostNamesThatNobodyKnowsDoNotHoldItUp() async throws {
        let resolvers = try #require(HAProxySectionName("silent"))
        let names = try (0..<20).map {
            try Lists.endpoint("web", "w\($0)", address: "no-such-host-\($0).invalid")
        }
        let address = try Lists.endpoint("web", "w20")
        let list = Lists.text(.haproxy(resolvers: resolvers), names + [address])
        #expect(list.rejections == [])
        // A resolver that never answers is asked after the start, if at all.
        let section = "resolvers silent\n    nameserver nobody 127.0.0.1:1\n"
        let servers = try await running(list.text + section)
        #expect(servers.count == 21)
    }

    @Test func anEmptyFileIsFine() async throws {
        #expect(try await running(Lists.text(.haproxy(), []).text) == [])
    }

    /// Starts HAProxy with the file, and asks for `backend/server address:port weight`.
    private func running(_ text: String) async throws -> [String] {
        var found: [String] = []
        try await RunningHAProxy.with(text) { haproxy in
            let answer = try haproxy.socket.ask("show servers state")
            found = servers(answer)
        }
        return found
    }

    private func servers(_ answer: String) -> [String] {
        let lines = answer.split(separator: "\n").map { $0.split(separator: " ") }
        guard let header = lines.first(where: { $0.first == "#" })?.dropFirst() else { return [] }
        let servers = lines.filter { $0.first != "#" && $0.count > 10 }.map { line in
            let field = Dictionary(zip(header, line)) { first, _ in first }
            let fields = ["be_name", "srv_name", "srv_addr", "srv_port", "srv_uweight"]
            let text = fields.map { String(field[Substring($0)] ?? "") }
            return "\(text[0])/\(text[1]) \(text[2]):\(text[3]) \(text[4])"
        }
        return servers.sorted()
    }
}
