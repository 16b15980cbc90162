import Foundation
import TestKit
import Testing

/// `discoveryd check`, held against what `discoveryd run` does.
@Suite struct CheckTests {
    @Test func aDirectoryThatIsMissingIsSaidWithExitStatus78() async throws {
        try await TemporaryDirectory.with { directory in
            let result = try await check(directory, output(directory.file("none/list.json")))
            #expect(result.status == 78)
            #expect(result.errors.contains("\(directory.file("none")) does not exist; create it"))
            // Quiet is quiet of all but faults.
            let quiet = try await check(directory, output(directory.file("none/list.json")), "-q")
            #expect(quiet.status == 78 && quiet.output.isEmpty)
            #expect(quiet.errors.split(separator: "\n").count == 1)
        }
    }

    @Test func aHostWithoutAnIdentityIsSaidWithTheExitStatusOfRun() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("d.conf", output(directory.file("list.json")))
            let program = DaemonProcess.program
            for command in ["run", "check"] {
                // An empty file in its place, for this program alone.
                let script =
                    "mount --bind /dev/null /etc/machine-id && exec \(program) \(command) -c \(path)"
                let result = try await Command("/usr/bin/unshare", ["-m", "sh", "-c", script]).run()
                #expect(result.status == 70, "\(command): \(result.errors)")
                #expect(result.errors.contains("machine-id"))
            }
        }
    }

    @Test func anEtcdThatIsAwayAndAMissingAddressAreWarnings() async throws {
        try await TemporaryDirectory.with { directory in
            let away = "[etcd]\nendpoints = [\"127.0.0.1:1\"]\n"
            let service = "[[service]]\nname = \"web\"\nid = \"w1\"\nport = 8080\n"
            let path = try directory.write(
                "d.conf",
                away + service + output(directory.file("list.json"))
            )
            // On a host without a network, for this program alone.
            let command = ["--net", DaemonProcess.program, "check", "-c", path]
            let result = try await Command("/usr/bin/unshare", command).run()
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.errors.contains("warning: [etcd] "))
            #expect(result.errors.contains("the daemon starts all the same"))
            #expect(result.errors.contains("warning: web waits for an address"))
            #expect(directory.names == ["d.conf"])
        }
    }

    @Test func anEtcdThatAnswersIsNoMatter() async throws {
        try await Fleet.with { fleet in
            try fleet.configure("one", services: ["web/w1": 8080])
            let path = fleet.directory.file("one.conf")
            let result = try await Command(DaemonProcess.program, ["check", "-c", path]).run()
            #expect(result.status == 0 && !result.errors.contains("[etcd]"), "\(result.errors)")
            #expect(try await fleet.keysInEtcd().isEmpty)
        }
    }

    @Test func anOutputInThePlaceOfTheConfigurationCostsItselfAndIsSaidEverywhere() async throws {
        try await Fleet.with { fleet in
            let path = fleet.directory.file("one.conf")
            let more = "[[output]]\npath = \"\(path)\"\n"
            let host = try fleet.start("one", services: ["web/w1": 8080], more: more)
            try await eventually("the other output is written") { host.keys == ["web/w1"] }
            let sentence = "is the configuration file"
            #expect(host.process.printed.contains(sentence))
            let reload = try await host.ask("reload")
            #expect(reload.status == 0 && reload.errors.contains(sentence))
            let result = try await Command(DaemonProcess.program, ["check", "-c", path]).run()
            #expect(result.status == 78 && result.errors.contains(sentence))
            #expect(fleet.directory.read("one.conf")?.contains("[[service]]") == true)
        }
    }

    // MARK: parts

    private func output(_ path: String) -> String { "[[output]]\npath = \"\(path)\"\n" }

    private func check(
        _ directory: TemporaryDirectory,
        _ text: String,
        _ more: String...
    ) async throws -> Command.Result {
        let path = try directory.write("d.conf", text)
        return try await Command(DaemonProcess.program, ["check", "-c", path] + more).run()
    }
}
