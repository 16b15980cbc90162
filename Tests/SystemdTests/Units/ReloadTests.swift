import Glibc
import TestKit
import Testing

@testable import Systemd

@Suite struct ReloadTests {
    @Test func aReloadThatIsDoneHasReloaded() throws {
        #expect(try ServiceManager.outcome("done", of: "web.service") == .reloaded)
    }

    @Test func aUnitThatDoesNotRunHasNothingToReload() throws {
        #expect(try ServiceManager.outcome("invalid", of: "web.service") == .notActive)
    }

    @Test(arguments: [
        "failed", "canceled", "timeout", "dependency", "skipped", "assert", "later\nword",
    ])
    func anyOtherEndIsAFailureThatNamesTheUnit(result: String) {
        let error = #expect(throws: SystemdError.self) {
            try ServiceManager.outcome(result, of: "web.service")
        }
        #expect(error?.code == .reloadFailed)
        #expect(error?.message.contains("web.service") == true)
        #expect(error?.message.contains("\n") == false)
    }

    @Test func aBusThatHangsIsGivenUpInTime() async {
        await #expect(processExitsWith: .success) {
            let bus = try SilentBus()
            let error = await #expect(throws: SystemdError.self) {
                try await ServiceManager().reloadUnit("web.service", within: .milliseconds(100))
            }
            #expect(error?.code == .busTimedOut)
            try await bus.connected()
        }
    }

    @Test func cancellationEndsTheWait() async {
        await #expect(processExitsWith: .success) {
            let bus = try SilentBus()
            let reload = Task {
                try await ServiceManager().reloadUnit("web.service", within: .seconds(600))
            }
            try await bus.connected()
            reload.cancel()
            let error = await #expect(throws: SystemdError.self) { try await reload.value }
            #expect(error?.code == .cancelled)
        }
    }
}
