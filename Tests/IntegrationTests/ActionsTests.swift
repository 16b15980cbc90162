import Foundation
import TestKit
import Testing

/// Check, then swap, then reload: the built program, a real etcd, a real HAProxy.
@Suite struct ActionsTests {
    @Test func whatHAProxyRefusesKeepsTheOldFileAndIsSaidInItsWords() async throws {
        try await Fleet.with { fleet in
            let directory = fleet.directory
            func frontend(_ backend: String) throws {
                try directory.write("base.cfg", Self.base + "    default_backend \(backend)\n")
            }
            try frontend("web")
            try await fleet.put("web/w1", "10.0.0.1:80")
            let host = try fleet.start(
                "one",
                services: [:],
                more: """
                    [[output]]
                    path = "\(directory.file("web.cfg"))"
                    format = "haproxy"
                    services = ["web"]
                    check = ["haproxy", "-c", "-f", "\(directory.file("base.cfg"))", "-f", "{file}"]

                    """
            )
            try await eventually("written") {
                directory.read("web.cfg")?.contains("10.0.0.1") == true
            }

            try frontend("no-such-backend")
            let before = directory.read("web.cfg")
            try await fleet.put("web/w2", "10.0.0.2:80")
            try await eventually("refused and said") {
                host.process.printed.contains("no-such-backend")
            }
            try await eventually("shown") {
                directory.status("one")?.outputs.contains { $0.status == "refused" } == true
            }
            #expect(directory.read("web.cfg") == before && host.process.isRunning)
            #expect(host.process.printed.contains("the old file stays"))

            try frontend("web")
            try await fleet.put("web/w3", "10.0.0.3:80")
            try await eventually("all that was missing is there") {
                let file = directory.read("web.cfg") ?? ""
                return file.contains("10.0.0.2") && file.contains("10.0.0.3")
            }
        }
    }

    @Test func twoFilesOfOneChangeAreOneReloadAndARestartIsNone() async throws {
        try await Fleet.with { fleet in
            let directory = fleet.directory
            let reload = Self.counting(directory)
            let more = ["a", "b"].map { name in
                """
                [[output]]
                path = "\(directory.file("\(name).txt"))"
                format = "lines"
                reload = { \(reload), interval = "0s" }

                """
            }.joined()
            try await fleet.put("web/w1", "10.0.0.1:80")
            let host = try fleet.start("one", services: [:], more: more)
            // Each run says how many lines both have. One for both is what happens unless the disk takes long for
            // the second.
            try await eventually("reloaded") { directory.read("reloads")?.hasSuffix("2\n") == true }
            try await fleet.put("web/w2", "10.0.0.2:80")
            try await eventually("reloaded again, and that is settled") {
                directory.read("reloads")?.hasSuffix("4\n") == true
                    && !["a", "b"].contains {
                        directory.read(".discoveryd/\($0).txt.reload") != nil
                    }
            }
            let runs = Self.runs(directory)
            #expect(directory.read("a.txt") == directory.read("b.txt"))

            host.process.send(SIGTERM)
            #expect(try await host.process.ended() == 0)
            let again = try fleet.start("one", services: [:], more: more)
            try await eventually("current") {
                again.process.printed.contains("file already holds this list")
            }
            #expect(Self.runs(directory) == runs)
            try await fleet.put("web/w3", "10.0.0.3:80")
            try await eventually("reloaded for the change") {
                directory.read("reloads")?.hasSuffix("6\n") == true
            }
        }
    }

    @Test func manyChangesAreNoMoreReloadsThanTheWaitAllows() async throws {
        try await Fleet.with { fleet in
            let directory = fleet.directory
            try fleet.start(
                "one",
                services: [:],
                more: """
                    [[output]]
                    path = "\(directory.file("web.txt"))"
                    format = "lines"
                    wait = { min = "1s", max = "2s" }
                    reload = { \(Self.counting(directory)), interval = "0s" }

                    """
            )
            try await eventually("the first at once") { Self.runs(directory) == 1 }
            let begun = ContinuousClock.now
            for number in 1...40 { try await fleet.put("web/w\(number)", "10.0.0.\(number):80") }
            try await eventually("the last change is in the file") {
                directory.read("web.txt")?.contains("10.0.0.40:80") == true
            }
            let seconds = (ContinuousClock.now - begun).components.seconds
            try await eventually("and its reload done") {
                directory.read("reloads")?.hasSuffix("40\n") == true
            }
            // One for each second in which nothing came, at most; the one of the trailing edge, and the first.
            #expect(Self.runs(directory) <= Int(seconds) + 3)
        }
    }

    @Test func aReloadThatFailsIsTriedAgainUntilItSucceeds() async throws {
        try await Fleet.with { fleet in
            let directory = fleet.directory
            let script =
                "echo no >&2; test -e \(directory.file("may")) && echo x >> \(directory.file("reloads"))"
            let host = try fleet.start(
                "one",
                services: [:],
                more: """
                    [[output]]
                    path = "\(directory.file("web.txt"))"
                    format = "lines"
                    reload = { command = ["sh", "-c", "\(script)"], interval = "0s" }

                    """
            )
            try await eventually("said") {
                host.process.printed.contains(
                    "the service still uses the old file: sh ended with status 1: no"
                )
            }
            try await eventually("shown") {
                directory.status("one")?.actionErrors.first?.hasPrefix("sh: ") == true
            }
            try directory.write("may", "")
            try await eventually("done", within: .seconds(30)) { Self.runs(directory) == 1 }
            try await eventually("no longer shown") {
                directory.status("one")?.actionErrors == []
            }
        }
    }

    @Test func aProgramMakesTheFileOfTheJSONList() async throws {
        try await Fleet.with { fleet in
            let directory = fleet.directory
            try await fleet.put("web/w1", "10.0.0.1:80")
            try fleet.start(
                "one",
                services: [:],
                more: """
                    [[output]]
                    path = "\(directory.file("{service}.txt"))"
                    services = ["web", "db"]
                    format = "command"
                    command = ["jq", "-r", ".services | to_entries[] | .key, .value[].addr"]

                    """
            )
            try await eventually("made") { directory.read("web.txt") == "web\n10.0.0.1:80\n" }
            try await eventually("each of its own service") { directory.read("db.txt") == "db\n" }
        }
    }

    private static let base = """
        global
        defaults
            mode http
            timeout connect 1s
            timeout client 1s
            timeout server 1s
        frontend in
            bind 127.0.0.1:8000

        """

    /// A reload that writes down that it was run, and how many endpoints there were.
    private static func counting(_ directory: TemporaryDirectory) -> String {
        let count =
            "cat \(directory.path)/*.txt | grep -c 10.0.0 >> \(directory.file("reloads")); true"
        return "command = [\"sh\", \"-c\", \"\(count)\"]"
    }

    private static func runs(_ directory: TemporaryDirectory) -> Int {
        directory.read("reloads")?.split(separator: "\n").count ?? 0
    }
}
