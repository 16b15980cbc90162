import Foundation
import TestKit
import Testing

/// A second daemon on the files of one that runs.
@Suite struct SecondDaemonTests {
    @Test func aSecondOneOnTheSameStateDirectoryEndsAtOnceAndTouchesNothing() async throws {
        try await Fleet.with { fleet in
            let state = try fleet.stateDirectory()
            let one = try fleet.start("one", services: ["web/w1": 8080], state: state)
            try await eventually("it runs") {
                one.keys == ["web/w1"]
                    && one.directory.status("one")?.state == "current"
                    && FileManager.default.fileExists(atPath: "\(state)/lease.json")
            }
            let lease = one.directory.read("state/lease.json")

            let second = try fleet.start("two", services: ["web/w1": 8080], state: state).process
            #expect(try await second.ended(within: .seconds(30)) == 75)
            #expect(second.printed.contains("another discoveryd is running: it holds \(state)"))
            #expect(second.printed.contains("process \(one.process.id)"))

            #expect(one.process.isRunning)
            #expect(one.directory.status("one")?.state == "current")
            #expect(one.directory.read("state/lease.json") == lease)
            #expect(try await fleet.keysInEtcd() == ["web/w1"])
            #expect(fleet.directory.read("two.json") == nil)
        }
    }

    @Test func daemonsWithFilesOfOtherNamesInOneDirectoryAreNoneOfEachOthersBusiness() async throws
    {
        try await Fleet.with { fleet in
            let one = try fleet.start("one", services: ["web/w1": 8080])
            let two = try fleet.start("two", services: ["web/w2": 8080])
            try await eventually("both run") {
                one.keys == ["web/w1", "web/w2"] && two.keys == one.keys
            }
        }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aStartThatWaitsForOneThatIsEndingCanBeEndedItself(signal: Int32) async throws {
        try await Fleet.with { fleet in
            let (one, next) = try await oneThatWaits(in: fleet)
            next.process.send(signal)
            #expect(try await next.process.ended(within: .seconds(30)) == 0)
            #expect(next.process.printed.contains("stopped during the start"))
            #expect(one.process.isRunning)
            one.process.send(SIGKILL)
            _ = try await one.process.ended()
        }
    }

    @Test func commandsThatOnlyLookTakeNoLock() async throws {
        try await Fleet.with { fleet in
            let one = try fleet.start("one", services: ["web/w1": 8080])
            try await eventually("it runs") { one.keys == ["web/w1"] }
            for command in ["check", "list"] {
                let looking = try DaemonProcess(
                    [command, "-c", fleet.directory.file("one.conf")],
                    log: fleet.directory.file("looking.log")
                )
                #expect(try await looking.ended() == 0)
            }
        }
    }

    /// Ends a daemon that drains first, and starts another on its files, which waits for it.
    private func oneThatWaits(
        in fleet: Fleet
    ) async throws -> (ending: Fleet.Host, next: Fleet.Host) {
        let state = try fleet.stateDirectory()
        let lease = "[lease]\ndrain = \"60s\"\n"
        let services = ["web/w1": 8080]
        let one = try fleet.start("one", services: services, lease: lease, state: state)
        try await eventually("it runs") { one.keys == ["web/w1"] }
        one.process.send(SIGTERM)
        try await eventually("it is ending") {
            one.process.printed.contains("draining before deregistering")
        }
        let next = try fleet.start("one", services: services, lease: lease, state: state)
        try await eventually("the next waits") {
            next.process.printed.contains(
                "waiting for the previous discoveryd to exit: process \(one.process.id)"
            )
        }
        return (one, next)
    }
}
