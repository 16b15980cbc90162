import Glibc
import TestKit
import Testing

@testable import Systemd

/// Without a systemd on the bus. Each in a child of its own: the environment belongs to the process.
@Suite struct ServiceManagerTests {
    @Test func withoutABusItSaysWhatToDo() async {
        await #expect(processExitsWith: .success) {
            setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1)
            let error = await #expect(throws: SystemdError.self) {
                try await ServiceManager().ownJob()
            }
            #expect(error?.code == .busUnreachable)
            #expect(error?.errno == ENOENT)
            #expect(error?.message.contains("start dbus") == true)
        }
    }

    @Test func aBusThatHangsIsGivenUpInTime() async {
        await #expect(processExitsWith: .success) {
            let bus = try SilentBus()
            let began = ContinuousClock.now
            let error = await #expect(throws: SystemdError.self) {
                try await ServiceManager().ownJob(within: .milliseconds(100))
            }
            #expect(error?.code == .busTimedOut)
            #expect((.milliseconds(100)..<Duration.seconds(5)).contains(.now - began))
            try await bus.connected()
        }
    }

    @Test func cancellationEndsTheWait() async {
        await #expect(processExitsWith: .success) {
            let bus = try SilentBus()
            let question = Task { try await ServiceManager().ownJob(within: .seconds(600)) }
            try await bus.connected()
            question.cancel()
            let error = await #expect(throws: SystemdError.self) { try await question.value }
            #expect(error?.code == .cancelled)
        }
    }

    @Test func aQuestionOfACancelledTaskEndsAtOnce() async {
        await #expect(processExitsWith: .success) {
            let bus = try SilentBus()
            let question = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await ServiceManager().ownJob(within: .seconds(600))
            }
            let error = await #expect(throws: SystemdError.self) { try await question.value }
            #expect(error?.code == .cancelled)
            try await bus.connected()
        }
    }

    @Test func aBusWithoutSystemdIsSaid() async throws {
        try await TemporaryDirectory.with { directory in
            let bus = try await PrivateBus(in: directory)
            let address = bus.address
            await #expect(processExitsWith: .success) { [address = address as String] in
                setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1)
                let error = await #expect(throws: SystemdError.self) {
                    try await ServiceManager().ownJob(within: .seconds(10))
                }
                #expect(error?.code == .busUnreachable)
                #expect(error?.message.contains("systemd is not on the system bus") == true)
            }
            bus.stop()
        }
    }

    @Test func manyQuestionsLeaveNoDescriptorBehind() async {
        await #expect(processExitsWith: .success) {
            let bus = try SilentBus()
            func count() -> Int { (0..<1024).count { fcntl($0, F_GETFD) >= 0 } }
            let before = count()
            await withTaskGroup { group in
                for _ in 0..<50 {
                    group.addTask {
                        _ = try? await ServiceManager().ownJob(within: .milliseconds(1))
                    }
                }
            }
            // A question has two. The runtime opens a few of its own, when it needs them first; and
            // the thread lets go of the last of ours after it has answered.
            try await eventually("they are closed") { count() < before + 25 }
            try await bus.connected()
        }
    }
}
