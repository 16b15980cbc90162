import Glibc
import Testing

@testable import Systemd

/// Each in a child of its own: the environment belongs to the process.
@Suite struct WatchdogTests {
    @Test func theIntervalIsWhatTheManagerAsksOfThisProcess() async {
        await #expect(processExitsWith: .success) {
            setenv("WATCHDOG_USEC", "30000000", 1)
            setenv("WATCHDOG_PID", String(getpid()), 1)
            #expect(Watchdog.interval() == .seconds(30))
            // Asking does not use it up.
            #expect(Watchdog.interval() == .seconds(30))
        }
    }

    @Test func withoutAPidTheIntervalIsMeantForUs() async {
        await #expect(processExitsWith: .success) {
            setenv("WATCHDOG_USEC", "1500", 1)
            unsetenv("WATCHDOG_PID")
            #expect(Watchdog.interval() == .microseconds(1500))
        }
    }

    @Test func anIntervalForAnotherProcessIsNotOurs() async {
        await #expect(processExitsWith: .success) {
            setenv("WATCHDOG_USEC", "30000000", 1)
            setenv("WATCHDOG_PID", String(getppid()), 1)
            #expect(Watchdog.interval() == nil)
        }
    }

    @Test(arguments: ["", "soon", "0", "-1", "18446744073709551615"])
    func aValueThatIsNoIntervalIsNone(value: String) async {
        await #expect(processExitsWith: .success) { [value = value as String] in
            setenv("WATCHDOG_USEC", value, 1)
            unsetenv("WATCHDOG_PID")
            #expect(Watchdog.interval() == nil)
        }
    }

    @Test func withoutAWatchdogThereIsNoInterval() async {
        await #expect(processExitsWith: .success) {
            unsetenv("WATCHDOG_USEC")
            #expect(Watchdog.interval() == nil)
        }
    }
}
