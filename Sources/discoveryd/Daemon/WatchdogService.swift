import Logging
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

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var machine = WatchdogMachine()
            while !Task.isCancelled {
                let laps = Dictionary(
                    loops.map { ($0.name, $0.laps()) },
                    uniquingKeysWith: { $1 }
                )
                act(machine.ticked(laps: laps))
                for loop in loops { loop.poke() }
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: Watchdog.tickPeriod(for: interval))
            }
        }
    }

    private func act(_ tick: WatchdogMachine.OnTick) {
        switch tick {
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
