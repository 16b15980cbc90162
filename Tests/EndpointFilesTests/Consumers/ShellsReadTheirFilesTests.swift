import Registry
import TestKit
import Testing

@testable import EndpointFiles

@Suite struct ShellsReadTheirFilesTests {
    @Test(arguments: [Consumer.sh, .bash])
    func aShellHasOneVariableAService(_ shell: Consumer) async throws {
        let variables = try await sourced(try list(), by: shell)
        #expect(variables == Self.expected)
    }

    @Test func systemdReadsTheSameVariables() async throws {
        let full = Self.expected.filter { !$0.value.isEmpty }
        #expect(try await readBySystemd(try list()) == full)
    }

    @Test func theyAgreeOnHostileNames() async throws {
        let list = Lists.text(.env, try HostileEndpoints.all(), header: true).text
        let variables = try await sourced(list, by: .sh)
        #expect(variables.count == HostileEndpoints.names.count)
        #expect(try await sourced(list, by: .bash) == variables)
        #expect(try await readBySystemd(list) == variables)
    }

    @Test func theyAgreeOnWhatIsQuoted() async throws {
        // No address holds any of these; the quotes must not depend on it.
        let texts = HostileEndpoints.texts.filter { !$0.utf8.contains { $0 < 0x20 || $0 == 0x7f } }
        let list = texts.enumerated()
            .map { "T\($0.offset)_ADDRS=\(ShellQuoted($0.element))\n" }.joined()
        let expected = Dictionary(
            uniqueKeysWithValues: texts.enumerated().map { ("T\($0.offset)_ADDRS", $0.element) }
        )
        #expect(try await sourced(list, by: .sh) == expected)
        #expect(try await sourced(list, by: .bash) == expected)
    }

    @Test func linesAreReadWordByWord() async throws {
        let endpoints = try HostileEndpoints.all()
        let list = Lists.text(.lines, endpoints).text
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("list", list)
            let result = try await Consumer.sh.run([
                "-c",
                #"while read service address; do set -- $service $address; echo $#; done <"$1""#,
                "sh", path,
            ])
            #expect(result.status == 0)
            let counts = result.output.split(separator: "\n")
            #expect(counts.count == endpoints.count && counts.allSatisfy { $0 == "2" })
        }
    }

    private static let expected = [
        "WEB_ADDRS": "10.0.0.5:8080 [2001:db8::6]:8080", "DB_ADDRS": "",
        "USER_API_ADDRS": "api.example:80",
    ]

    private func list() throws -> String {
        Lists.text(
            .env,
            [
                try Lists.endpoint("web", "1"),
                try Lists.endpoint("web", "2", address: "2001:db8::6"),
                try Lists.endpoint("web", "3", state: .draining),
                try Lists.endpoint("user-api", "1", address: "api.example", port: 80),
            ],
            services: try Lists.names("web", "db", "user-api"),
            header: true
        ).text
    }

    /// `sh -n`, then the variables that a shell has after reading the file.
    private func sourced(_ text: String, by shell: Consumer) async throws -> [String: String] {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("list.env", text)
            let check = try await shell.run(["-n", path])
            #expect(check.status == 0, "\(check.errors)")
            let result = try await shell.run([
                "-c", #"set -eua; . "$1"; exec /usr/bin/env -0"#, "sh", path,
            ])
            #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
            return ours(result.output.split(separator: "\0"))
        }
    }

    /// What systemd's reader of such files makes of it.
    private func readBySystemd(_ text: String) async throws -> [String: String] {
        ours(try await Consumer.systemdEnvironment(text))
    }

    private func ours(_ assignments: [Substring]) -> [String: String] {
        var variables: [String: String] = [:]
        for assignment in assignments {
            let pair = assignment.split(separator: "=", maxSplits: 1)
            guard let name = pair.first, name.hasSuffix("_ADDRS") else { continue }
            variables[String(name)] = pair.count > 1 ? String(pair[1]) : ""
        }
        return variables
    }
}
