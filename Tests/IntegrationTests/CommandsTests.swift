import Foundation
import TestKit
import Testing

/// The commands beside `run`.
@Suite struct CommandsTests {
    @Test func listPrintsATableAndTheSameJSONAsTheFiles() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("registered") { host.keys == ["web/w1"] }
            let registry = ["--endpoints", fleet.etcd.endpoint, "--prefix", "services/"]
            let table = try await Command(DaemonProcess.program, ["list"] + registry).run()
            #expect(table.status == 0)
            #expect(
                table.output.contains("web      w1  10.0.0.5:8080  up     100"),
                "\(table.output)"
            )
            let json = try await Command(DaemonProcess.program, ["list", "-o", "json"] + registry)
                .run()
            #expect(json.output == host.file)
            let configured = try await Command(
                DaemonProcess.program,
                ["list", "-c", fleet.directory.file("one.conf")]
            ).run()
            #expect(configured.output == table.output)
        }
    }

    @Test func whatEtcdHoldsDoesNotDriveTheTerminal() async throws {
        try await Fleet.with { fleet in
            let record =
                #"{"Addr":"10.0.0.1:80","discoveryd":{"zone":"\u202eevil","tags":["a\u200bb"]}}"#
            try await fleet.etcd.etcdctl("put", "services/web/a", record)
            try await fleet.etcd.etcdctl("put", "services/web/b", "\u{1b}[2J")
            let registry = ["--endpoints", fleet.etcd.endpoint, "--prefix", "services/"]
            let table = try await Command(DaemonProcess.program, ["list"] + registry).run()
            #expect(table.output.contains("\\u{202e}evil") && table.output.contains("a\\u{200b}b"))
            for text in [table.output, table.errors] {
                #expect(!text.contains("\u{1b}") && !text.contains("\u{202e}"))
            }
        }
    }

    @Test func aListThatCannotBeWrittenIsNotASuccess() async throws {
        try await Fleet.with { fleet in
            let script = "\"$0\" list --endpoints \"$1\" --prefix services/"
            let full = try await Command(
                "/bin/sh",
                ["-c", "\(script) > /dev/full", DaemonProcess.program, fleet.etcd.endpoint]
            ).run()
            #expect(full.status == 74)
            #expect(
                full.errors.contains("standard output cannot be written: No space left on device")
            )
            // Nobody reads any more: no error, and nothing to say.
            let closed = try await Command(
                "/bin/sh",
                [
                    "-c", "{ \(script); echo $? >&2; } | true", DaemonProcess.program,
                    fleet.etcd.endpoint,
                ]
            ).run()
            #expect(!closed.errors.contains("discoveryd:"))
        }
    }

    @Test func checkSaysOfWhichOutputTheStagingDirectoryWillNotDo() async throws {
        try await TemporaryDirectory.with { directory in
            mkdir(directory.file(".discoveryd"), 0o700)
            chmod(directory.file(".discoveryd"), 0o777)
            let output = "[[output]]\npath = \"\(directory.file("list"))\"\n"
            let file = try directory.write("conf", output)
            let result = try await Command(DaemonProcess.program, ["check", "-c", file]).run()
            #expect(result.status == 0)
            let words = "warning: \(directory.file("list")): the staging directory"
            #expect(result.errors.contains(words), "\(result.errors)")
            #expect(result.errors.contains("can be written to by others, mode 0777"))
        }
    }

    @Test func listWithoutAnEtcdSaysWhereItLookedAndEndsWith69() async throws {
        let result = try await Command(
            DaemonProcess.program,
            ["list", "--endpoints", "127.0.0.1:1", "--prefix", "services/"]
        ).run()
        #expect(result.status == 69)
        #expect(result.errors.contains("http://127.0.0.1:1"))
    }

    @Test func watchFollowsTheList() async throws {
        try await Fleet.with { fleet in
            let process = try DaemonProcess(
                ["watch", "--endpoints", fleet.etcd.endpoint, "--prefix", "services/"],
                log: fleet.directory.file("watch.log")
            )
            defer { process.send(SIGKILL) }
            try await eventually("the list") { process.printed.contains("no endpoints") }
            try await fleet.etcd.etcdctl("put", "services/web/a", "10.0.0.1:80")
            try await eventually("+") {
                process.printed.contains("+ web/a 10.0.0.1:80 up weight 100")
            }
            try await fleet.etcd.etcdctl("put", "services/web/a", "10.0.0.2:80")
            try await eventually("~") { process.printed.contains("~ web/a 10.0.0.2:80") }
            try await fleet.etcd.etcdctl("del", "services/web/a")
            try await eventually("-") { process.printed.contains("- web/a 10.0.0.2:80") }
        }
    }

    @Test func devPlaysTheWholeThingAndLeavesNothingBehind() async throws {
        try await TemporaryDirectory.with { directory in
            let scratch = directory.file("tmp")
            try FileManager.default.createDirectory(
                atPath: scratch,
                withIntermediateDirectories: false
            )
            let process = try DaemonProcess(
                ["dev"],
                log: directory.file("dev.log"),
                environment: ["TMPDIR": scratch]
            )
            defer { process.send(SIGKILL) }
            try await eventually("the sample service is shown", within: .seconds(20)) {
                process.printed.contains("web      dev-1  127.0.0.1:8080")
            }
            // What it prints to be typed is what is typed here.
            let line = try #require(
                process.printed.split(separator: "\n").first {
                    $0.contains("etcdctl") && $0.contains(" put ")
                }
            )
            let typed = try await Command("/bin/sh", ["-c", String(line)]).run()
            #expect(typed.status == 0, "\(typed.errors)")
            try await eventually("the endpoint is shown") {
                process.printed.contains("10.0.0.7:8080")
            }
            process.send(SIGINT)
            #expect(try await process.ended() == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: scratch).isEmpty)
        }
    }

    @Test func devWithoutEtcdSaysHowToInstallIt() async throws {
        let result = try await Command(
            DaemonProcess.program,
            ["dev"],
            environment: ["PATH": "/nonexistent"]
        ).run()
        #expect(result.status == 69)
        #expect(result.errors.contains("apt install etcd-server"))
    }

    @Test func helpNamesEveryCommandAndVersionIsANumber() async throws {
        let help = try await Command(DaemonProcess.program, ["--help"]).run()
        let commands = [
            "run", "check", "list", "watch", "render", "status", "wait", "drain", "undrain",
            "reload", "dev",
        ]
        for command in commands {
            #expect(help.output.contains("  \(command)"))
        }
        let version = try await Command(DaemonProcess.program, ["--version"]).run()
        #expect(version.output.split(separator: ".").count == 3)
        #expect(try await Command(DaemonProcess.program, ["--bogus"]).run().status == 64)
    }
}
