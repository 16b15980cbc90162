import Foundation
import TestKit
import Testing

/// Signals that come before the program is ready for anything, and what its children inherit of them.
///
/// What is sent at once waits for the program behind a mask, and so comes at its first instant, every time.
@Suite struct SignalsTests {
    @Test func aReloadThatIsAskedForAtTheFirstInstantIsDoneAndEndsNothing() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: ["web/w1": 8080], blocked: [SIGHUP])
            host.process.send(SIGHUP)
            try await eventually("reloaded") {
                try #require(host.process.isRunning, "it has ended")
                return host.process.printed.contains("configuration reloaded")
            }
            try await eventually("registered") { host.keys == ["web/w1"] }
            #expect(host.process.isRunning)
        }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func anEndThatIsAskedForAtTheFirstInstantIsACleanOne(number: Int32) async throws {
        try await Fleet.with { fleet in
            let socket = try NotifySocket()
            let host = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                environment: ["NOTIFY_SOCKET": socket.path],
                blocked: [number]
            )
            host.process.send(number)
            #expect(try await host.process.ended() == 0)
            _ = try await socket.first(saying: "STOPPING=1", within: .seconds(5))
            #expect(try await fleet.keysInEtcd().isEmpty)
        }
    }

    @Test func reloadsAndAnEndThatCameTogetherAreAnEnd() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start("one", services: [:], blocked: [SIGHUP, SIGTERM])
            for _ in 0..<100 { host.process.send(SIGHUP) }
            host.process.send(SIGTERM)
            #expect(try await host.process.ended() == 0)
        }
    }

    @Test func aFaultyConfigurationIsStillSaidWhenASignalCameFirst() async throws {
        try await TemporaryDirectory.with { directory in
            let process = try DaemonProcess(
                ["run", "-c", try directory.write("conf", "nonsense = 1\n")],
                log: directory.file("log"),
                blocked: [SIGHUP]
            )
            process.send(SIGHUP)
            #expect(try await process.ended() == 78)
            #expect(process.printed.contains("nonsense"))
        }
    }

    @Test func aCommandThatIsNoDaemonEndsBySignalsAsAnyProgramDoes() async throws {
        try await TemporaryDirectory.with { directory in
            for blocked in [[], [SIGTERM]] {
                let arguments = ["watch", "--endpoints", "127.0.0.1:1", "--prefix", "services/"]
                let process = try DaemonProcess(
                    arguments,
                    log: directory.file("log"),
                    blocked: blocked
                )
                process.send(SIGTERM)
                #expect(try await process.ended() == -SIGTERM)
            }
        }
    }

    @Test func whatTheDaemonStartsHasAnEmptyMaskAndTheDefaultActions() async throws {
        try await Fleet.with { fleet in
            let (ofCheck, ofOutput) = (
                fleet.directory.file("check"), fleet.directory.file("output")
            )
            // That of sed, which has what the shell was given; the shell itself blocks all while it forks.
            let script = "sed -n 's/^Sig[BI][lg][kn]:[^0-9a-f]*//p' /proc/self/status > "
            let more = """
                check = ["sh", "-c", "\(script)\(ofOutput)", "{file}"]
                [[service]]
                name = "db"
                id = "d1"
                port = 5432
                address = "10.0.0.5"
                check = [{ exec = ["/bin/sh", "-c", "\(script)\(ofCheck)"] }]

                """
            try fleet.start("one", services: [:], more: more)
            for file in ["check", "output"] {
                try await eventually("\(file) has run") {
                    fleet.directory.read(file)?.split(separator: "\n").count == 2
                }
                // 32 and 33 are glibc's own, and as whoever started us had them.
                for set in (fleet.directory.read(file) ?? "").split(separator: "\n") {
                    #expect(UInt64(set, radix: 16).map { $0 & 0x7fff_ffff } == 0, "\(file): \(set)")
                }
            }
        }
    }
}
