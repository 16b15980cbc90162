import Configuration
import FoundationEssentials
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
