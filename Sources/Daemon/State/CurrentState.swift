import Configuration
import EndpointFiles
import FoundationEssentials
import Registry
import Synchronization

/// Holds the ``DaemonState`` behind its one lock.
final class CurrentState: Sendable {
    private let state: Mutex<DaemonState>

    init(_ state: DaemonState) {
        self.state = Mutex(state)
    }

    /// Takes in an event.
    func apply(_ event: DaemonEvent, at time: Date) {
        state.withLock { $0.apply(event, at: time) }
    }

    /// The configuration in force.
    var configuration: Configuration { state.withLock { $0.configuration } }

    /// Whether there is a list of this run.
    var hasList: Bool { state.withLock { $0.hasList } }

    fileprivate func update(with readings: DaemonReadings) -> DaemonState {
        state.withLock { state in
            state.update(with: readings, at: Date())
            return state
        }
    }
}

/// Returns what is true now, for whoever shows it.
final class StateReader: Sendable {
    private let state: CurrentState
    private let read: @Sendable () -> DaemonReadings
    /// Of two that read at once the later one has the newer readings.
    private let turn = Mutex<Void>(())

    /// - Parameter read: Reads what the parts hold; must not wait, nor report an event.
    init(_ state: CurrentState, read: @escaping @Sendable () -> DaemonReadings) {
        self.state = state
        self.read = read
    }

    /// The state with everything read that is not reported; see ``DaemonReadings``.
    var now: DaemonState {
        turn.withLock { _ in state.update(with: read()) }
    }
}

/// Holds what is read of the parts of the daemon when it is needed, instead of being reported.
///
/// A fleet may change its list 2,000 times a second, and a host may register thousands of instances: these facts
/// already stand in the machines, so copying them for each change would cost far more than reading them when somebody
/// looks, which is 4 times a second at most. Reading takes locks that are held for moments, and no disk.
struct DaemonReadings: Sendable {
    /// The newest list of this run, if there is one.
    var list: TableUpdate?
    /// How each instance stands that is to be registered.
    var registrations: [ServiceKey: RegistrationStatus] = [:]
    /// The lease, if there is one.
    var lease: LeaseID?
    /// How long the lease lives for certain.
    var leaseRemaining: Duration?
    /// What was asked to drain.
    var drains: [DrainMachine.Target: DrainMachine.Drain] = [:]
    /// What is registered as draining: also everything, before the daemon leaves the registry.
    var draining = Drains()
    /// How each output stands, by its path.
    var outputs: [String: OutputStatus] = [:]
    /// Up to which revision every output holds the list; `nil` while one of them holds none.
    var written: Revision?
    /// When each output file last changed, since 1970, as this run left or found it.
    var modified: [String: Duration] = [:]
    /// How many endpoints and services each output leaves out.
    var leftOut: [String: Int] = [:]
    /// The services whose traffic leaves the most preferred zone, by the path of each output that prefers zones.
    var spilling: [String: [ServiceName]] = [:]
    /// Why consumers have not loaded the new files.
    var actionFaults: [ReloadAction: ReloadFault] = [:]
    /// The state of each running HAProxy towards its file.
    var runtimes: [String: RuntimeStatus] = [:]
}
