import Logging
import Machines
import ServiceLifecycle
import Systemd

/// Tells systemd's watchdog that we live: only when every loop went round since the last time.
///
/// The loops turn whether etcd answers or not, so an absent etcd never costs the pulse.
struct WatchdogService: Service {
    /// A loop that has to prove its progress.
    struct Loop: Sendable {
        var name: String
        var laps: @Sendable () -> UInt64
        var poke: @Sendable () -> Void
    }

    let interval: Duration
    let loops: [Loop]
    let notifier: Notifier
    let log: Logger

    var timeline = Timeline()

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let driver = MachineDriver(WatchdogMachine(interval: interval), timeline: timeline)
            driver.happened { machine, now in machine.started(at: now) }
            await driver.run { action in
                perform(action, driver)
                return nil
            }
        }
    }

    private func perform(_ action: WatchdogMachine.Action, _ driver: MachineDriver<WatchdogMachine>)
    {
        switch action {
        case .countLaps:
            let laps = Dictionary(loops.map { ($0.name, $0.laps()) }, uniquingKeysWith: { $1 })
            for loop in loops { loop.poke() }
            driver.happened { machine, _ in machine.lapsCounted(laps) }
        case .pulse(let recovered):
            if !recovered.isEmpty {
                log.log(.watchdogResumed, recovered.joined(separator: ", "))
            }
            do throws(SystemdError) {
                try notifier.send(.watchdog)
            } catch {
                log.log(.notificationFailed, error.message)
            }
        case .withhold(let stalled, let isNews):
            if isNews {
                log.log(.watchdogWithheld, stalled.joined(separator: ", "))
            }
        }
    }
}
