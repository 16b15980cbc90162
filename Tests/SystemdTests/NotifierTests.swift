import Glibc
import Synchronization
import TestKit
import Testing

@testable import Systemd

@Suite struct NotifierTests {
    @Test func severalNotificationsGoInOneDatagram() throws {
        let sent = Mutex<[String]>([])
        let notifier = Notifier { state in
            sent.withLock { $0.append(state) }
            return 1
        }
        #expect(try notifier.send(.ready, .status("current"), .watchdog))
        #expect(sent.withLock { $0 } == ["READY=1\nSTATUS=current\nWATCHDOG=1"])
    }

    @Test func nobodyListeningIsNoError() throws {
        #expect(try Notifier { _ in 0 }.send(.ready) == false)
    }

    @Test func nothingToSayIsNotSent() throws {
        let calls = Mutex(0)
        let notifier = Notifier { _ in
            calls.withLock { $0 += 1 }
            return 1
        }
        #expect(try notifier.send([]) == false)
        #expect(calls.withLock { $0 } == 0)
    }

    @Test func aFailureSaysWhatToDoAboutIt() {
        let error = #expect(throws: SystemdError.self) {
            try Notifier { _ in -ECONNREFUSED }.send(.ready)
        }
        #expect(error?.code == .notificationNotSent)
        #expect(error?.errno == ECONNREFUSED)
        #expect(error?.message.contains("NOTIFY_SOCKET unset") == true)
        #expect(error?.description.hasSuffix("(Connection refused)") == true)
    }
}

/// The real sd_notify(3), each in a child of its own: the environment belongs to the process.
@Suite struct NotifierToASocketTests {
    @Test func theManagerReceivesWhatIsSentAndCanBeSentMore() async throws {
        let manager = try NotifySocket()
        let path = manager.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            setenv("NOTIFY_SOCKET", path, 1)
            let notifier = Notifier()
            var isHeard = try notifier.send(.ready, .status("web\nregistered"))
            #expect(isHeard)
            // The environment still names the socket.
            isHeard = try notifier.send(.stopping)
            #expect(isHeard)
        }
        let first = try await manager.next(within: .seconds(5))
        #expect(first.assignments == ["READY=1", "STATUS=web registered"])
        let second = try await manager.next(within: .seconds(5))
        #expect(second.assignments == ["STOPPING=1"])
        #expect(manager.isEmpty)
    }

    @Test func theLongestOfEverythingFitsWhatTheManagerReceives() async throws {
        let manager = try NotifySocket()
        let path = manager.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            setenv("NOTIFY_SOCKET", path, 1)
            try Notifier().send(
                .reloading(monotonicMicroseconds: .max),
                .extendTimeout(.seconds(Int64.max)),
                .status(String(repeating: "日", count: 100_000)),
                .watchdog,
                .ready
            )
        }
        let datagram = try await manager.next(within: .seconds(5))
        #expect(datagram.assignments.last == "READY=1")
        #expect(datagram["MONOTONIC_USEC"] == "18446744073709551615")
    }

    @Test func withoutAManagerNobodyListens() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            let isHeard = try Notifier().send(.ready)
            #expect(!isHeard)
        }
    }

    @Test func anEmptySocketNameIsNoManager() async {
        await #expect(processExitsWith: .success) {
            setenv("NOTIFY_SOCKET", "", 1)
            let isHeard = try Notifier().send(.ready)
            #expect(!isHeard)
        }
    }

    @Test func aSocketThatIsGoneIsAnError() async {
        await #expect(processExitsWith: .success) {
            setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1)
            let error = #expect(throws: SystemdError.self) { try Notifier().send(.ready) }
            #expect(error?.code == .notificationNotSent)
            #expect(error?.errno == ENOENT)
        }
    }
}
