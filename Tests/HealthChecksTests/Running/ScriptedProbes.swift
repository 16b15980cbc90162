import HealthChecks
import Synchronization

/// Probes that do what a test says, by their port.
final class ScriptedProbes: Sendable {
    enum Behaviour: Sendable {
        case pass
        case fail(String)
        /// Until it is cancelled.
        case hang
        /// Until the stream ends, whether it is cancelled or not.
        case ignoreCancellation(AsyncStream<Never>)

        var isStuck: Bool {
            switch self {
            case .pass, .fail: false
            case .hang, .ignoreCancellation: true
            }
        }
    }

    private struct State {
        var behaviours: [UInt16: Behaviour] = [:]
        var begun: [UInt16: Int] = [:]
        var running: [UInt16: Int] = [:]
        var most: [UInt16: Int] = [:]
        var stuck = 0
    }

    private let state = Mutex(State())

    func set(_ port: UInt16, _ behaviour: Behaviour) {
        state.withLock { $0.behaviours[port] = behaviour }
    }

    /// How many runs have begun.
    func begun(_ port: UInt16) -> Int { state.withLock { $0.begun[port, default: 0] } }
    /// How many are under way.
    func running(_ port: UInt16) -> Int { state.withLock { $0.running[port, default: 0] } }
    /// How many have been under way at once.
    func most(_ port: UInt16) -> Int { state.withLock { $0.most[port, default: 0] } }

    /// How many of those under way do not end by themselves.
    var stuck: Int { state.withLock { $0.stuck } }

    func probe(_ kind: CheckKind) -> (any Probe)? {
        guard case .tcp(let target) = kind else { return nil }
        return Scripted(port: target.port, probes: self)
    }

    private struct Scripted: Probe {
        let port: UInt16
        let probes: ScriptedProbes

        func run() async throws(ProbeFailure) {
            let behaviour = probes.begin(port)
            defer { probes.end(port, behaviour) }
            switch behaviour {
            case .pass: return
            case .fail(let words): throw ProbeFailure(.other, words)
            case .hang:
                let (never, _) = AsyncStream.makeStream(of: Never.self)
                for await _ in never {}
                throw ProbeFailure(.cancelled, "cancelled")
            case .ignoreCancellation(let end):
                // A task of its own, so that our cancellation does not reach it.
                await Task { for await _ in end {} }.value
            }
        }
    }

    private func begin(_ port: UInt16) -> Behaviour {
        state.withLock { state in
            state.begun[port, default: 0] += 1
            state.running[port, default: 0] += 1
            state.most[port] = max(state.most[port, default: 0], state.running[port, default: 0])
            let behaviour = state.behaviours[port] ?? .pass
            if behaviour.isStuck { state.stuck += 1 }
            return behaviour
        }
    }

    private func end(_ port: UInt16, _ behaviour: Behaviour) {
        state.withLock { state in
            state.running[port, default: 0] -= 1
            if behaviour.isStuck { state.stuck -= 1 }
        }
    }
}
