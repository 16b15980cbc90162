import Glibc
import Synchronization
import TestKit
import Testing

@testable import Systemd

/// Without a systemd on the bus. Each in a child of its own: the environment belongs to the process.
@Suite struct UnitWatchTests {
    /// Runs a watch until it has lost the bus `times` times.
    ///
    /// - Returns: Why, each time.
    private static func losses(
        _ times: Int,
        _ limits: UnitWatch.Limits
    ) async throws -> [SystemdError.Code] {
        let codes = Mutex<[SystemdError.Code]>([])
        let watch = UnitWatch(units: ["web.service"], limits: limits) { report in
            guard case .lost(let error, _) = report else { return }
            codes.withLock { $0.append(error.code) }
        }
        let running = Task { await watch.run() }
        try await eventually("it is lost") { codes.withLock { $0.count >= times } }
        running.cancel()
        await running.value
        // Ends, as the watch did.
        for await _ in watch.changes {}
        return Array(codes.withLock { $0.prefix(times) })
    }

    private static let soon = {
        var limits = UnitWatch.Limits()
        limits.answer = .milliseconds(50)
        limits.firstRetry = .milliseconds(1)
        limits.retryCap = .milliseconds(20)
        return limits
    }()

    @Test func aBusThatIsNotThereIsTriedAgain() async {
        await #expect(processExitsWith: .success) {
            setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1)
            let codes = try await Self.losses(3, Self.soon)
            #expect(codes == [.busUnreachable, .busUnreachable, .busUnreachable])
        }
    }

    @Test func aBusThatHangsIsGivenUpAndTriedAgain() async {
        await #expect(processExitsWith: .success) {
            let bus = try SilentBus()
            let codes = try await Self.losses(2, Self.soon)
            #expect(codes == [.busTimedOut, .busTimedOut])
            try await bus.connected()
        }
    }

    @Test func aBusWithoutSystemdIsTriedAgain() async throws {
        try await TemporaryDirectory.with { directory in
            let bus = try await PrivateBus(in: directory)
            let address = bus.address
            await #expect(processExitsWith: .success) { [address = address as String] in
                setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1)
                var limits = Self.soon
                limits.answer = .seconds(10)
                let codes = try await Self.losses(2, limits)
                #expect(codes == [.busUnreachable, .busUnreachable])
            }
            bus.stop()
        }
    }

    @Test func cancellationEndsAWaitOnTheBus() async {
        await #expect(processExitsWith: .success) {
            let bus = try SilentBus()
            let watch = UnitWatch(units: ["web.service"])
            let running = Task { await watch.run() }
            try await bus.connected()
            running.cancel()
            await running.value
        }
    }
}
