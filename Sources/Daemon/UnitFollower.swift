import HealthChecks
import Logging
import Machines
import Registry
import ServiceLifecycle
import Synchronization
import Systemd

/// Tells the monitor how the units are that its checks name: one watch on systemd's bus, begun anew when
/// a reload names other units.
final class UnitFollower: Service {
    private let monitor: HealthMonitor
    private let log: Logger
    private let wishes: AsyncStream<Set<String>>
    private let wish: AsyncStream<Set<String>>.Continuation
    private let isLost = Mutex(false)

    init(_ monitor: HealthMonitor, log: Logger) {
        self.monitor = monitor
        self.log = log
        // The newest set is the one that counts.
        (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The units to follow from now on.
    func follow(_ units: Set<String>) {
        wish.yield(units)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                var followed: Set<String> = []
                var end: StopSwitch?
                for await units in wishes where units != followed {
                    followed = units
                    end?.stop()
                    end = nil
                    guard !units.isEmpty else { continue }
                    let stop = StopSwitch()
                    end = stop
                    group.addTask { [self] in await stop.run { [self] in await watch(units) } }
                }
                group.cancelAll()
            }
        }
    }

    private func watch(_ units: Set<String>) async {
        let watch = UnitWatch(units: units) { [self] report in reported(report) }
        await withDiscardingTaskGroup { group in
            group.addTask { await watch.run() }
            for await change in watch.changes {
                monitor.unitChanged(change.unit, to: UnitCondition(change.state))
            }
            group.cancelAll()
        }
    }

    /// One line for each change of state; a bus that stays away is said once.
    private func reported(_ report: UnitWatch.Report) {
        switch report {
        case .following:
            if isLost.withLock({ lost in
                defer { lost = false }; return lost
            }) {
                log.log(.unitsWatched)
            }
        case .lost(let error, _):
            if !isLost.withLock({ lost in
                defer { lost = true }; return lost
            }) {
                log.log(.unitsUnwatched, error.message)
            }
        case .refused(let unit, let error):
            log.log(.unitUnwatchable, error.message, metadata: ["unit": "\(unit)"])
        }
    }
}

extension UnitCondition {
    /// What a unit's state means to a service that depends on it.
    init(_ state: UnitState) {
        self =
            switch state.active {
            // A reload serves on; a later systemd's `refreshing` is one.
            case .active, .reloading, .other: .up
            case .deactivating: .goingDown
            case .inactive, .failed, .activating, .maintenance: .down(state.description)
            }
    }
}
