import Configuration
import Registry
import Synchronization

/// Decides which services' endpoints are needed: those that an output shows, and those that somebody waits for. Of all
/// others the daemon keeps no more than the keys.
final class WantedServices: Sendable {
    private struct State {
        var outputs: ServiceSelection
        /// How many wait for each.
        var waiting: [ServiceName: Int] = [:]

        var selection: ServiceSelection { outputs.union(.only(Set(waiting.keys))) }
    }

    private let state: Mutex<State>
    private let select: @Sendable (ServiceSelection) -> Void

    /// - Parameter select: Called with each new selection, in order; must not wait.
    init(_ configuration: Configuration, select: @escaping @Sendable (ServiceSelection) -> Void) {
        state = Mutex(State(outputs: configuration.selection))
        self.select = select
    }

    /// Other outputs are configured.
    func configurationChanged(to configuration: Configuration) {
        change { $0.outputs = configuration.selection }
    }

    /// Has a service's endpoints known while somebody waits for them.
    func whileWanting<Value>(_ service: ServiceName?, _ wait: () async -> Value) async -> Value {
        guard let service else { return await wait() }
        change { $0.waiting[service, default: 0] += 1 }
        defer {
            change { state in
                guard let count = state.waiting[service], count > 1 else {
                    state.waiting[service] = nil
                    return
                }
                state.waiting[service] = count - 1
            }
        }
        return await wait()
    }

    private func change(_ change: (inout State) -> Void) {
        // Told under the lock: of two changes the later one has to be told last.
        state.withLock { state in
            let before = state.selection
            change(&state)
            if state.selection != before { select(state.selection) }
        }
    }
}

extension Configuration {
    /// The services that its outputs show.
    var selection: ServiceSelection {
        outputs.reduce(.only([])) { selection, output in
            selection.union(output.services.map { .only(Set($0)) } ?? .all)
        }
    }
}
