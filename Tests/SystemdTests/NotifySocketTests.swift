import Glibc
import TestKit
import Testing

@testable import Systemd

/// The socket that stands in for the manager must not lie either.
@Suite struct NotifySocketTests {
    @Test func silenceEndsAtTheDeadline() async throws {
        let manager = try NotifySocket()
        #expect(manager.isEmpty)
        let start = ContinuousClock.now
        let error = await #expect(throws: NotifySocketError.self) {
            try await manager.next(within: .milliseconds(50))
        }
        #expect(ContinuousClock.now - start >= .milliseconds(50))
        #expect(error?.description == "no datagram came in time")
    }

    @Test func theOneThatIsWaitedForIsFoundAmongOthers() async throws {
        let manager = try NotifySocket()
        let path = manager.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            setenv("NOTIFY_SOCKET", path, 1)
            try Notifier().send(.status("a = b"))
            try Notifier().send(.ready, .status("current"))
        }
        #expect(!manager.isEmpty)
        let ready = try await manager.first(saying: "READY=1", within: .seconds(5))
        #expect(ready["STATUS"] == "current")
        #expect(ready["WATCHDOG"] == nil)
        #expect(manager.isEmpty)
    }

    @Test func whatCameInsteadIsNamed() async throws {
        let manager = try NotifySocket()
        let path = manager.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            setenv("NOTIFY_SOCKET", path, 1)
            try Notifier().send(.status("a = b"))
        }
        let error = await #expect(throws: NotifySocketError.self) {
            try await manager.first(saying: "READY=1", within: .milliseconds(50))
        }
        #expect(error?.description.contains(#"READY=1, came [["STATUS=a = b"]]"#) == true)
    }

    @Test func aDatagramThatSystemdWouldDropIsAnError() async throws {
        let manager = try NotifySocket()
        let path = manager.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            setenv("NOTIFY_SOCKET", path, 1)
            #expect(Notifier.systemd("STATUS=" + String(repeating: "x", count: 5000)) > 0)
        }
        let error = await #expect(throws: NotifySocketError.self) {
            try await manager.next(within: .seconds(5))
        }
        #expect(error?.description == "a datagram of 5007 bytes, which systemd drops")
    }

    @Test func nothingIsLeftBehind() throws {
        var path = ""
        do {
            let manager = try NotifySocket()
            path = manager.path
            #expect(access(path, F_OK) == 0)
        }
        #expect(access(path, F_OK) == -1)
    }
}
