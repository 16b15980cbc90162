import FoundationEssentials
import Registry
import ServiceLifecycle
import Synchronization

/// Since when each registration stands as it does.
final class ServiceHistory: Service {
    private let session: RegistrationSession
    private let signal: ChangeSignal
    private let known = Mutex<[ServiceKey: (word: String, since: Date)]>([:])

    init(session: RegistrationSession, signal: ChangeSignal) {
        self.session = session
        self.signal = signal
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await signal.follow {
                note(session.statuses)
                return false
            }
        }
    }

    /// Since when each of these stands like that, by the wall clock; now for what is new.
    @discardableResult
    func note(_ statuses: [ServiceKey: RegistrationStatus]) -> [ServiceKey: Date] {
        known.withLock { known in
            let now = Date()
            known = statuses.reduce(into: [:]) { result, entry in
                let word = entry.value.word
                if let old = known[entry.key], old.word == word {
                    result[entry.key] = old
                } else {
                    result[entry.key] = (word, now)
                }
            }
            return known.mapValues(\.since)
        }
    }
}

extension RegistrationStatus {
    /// The status as one word.
    var word: String {
        switch self {
        case .pending: "pending"
        case .registered: "registered"
        case .refused: "refused"
        case .withdrawn: "withdrawn"
        }
    }

    /// What stands in the way.
    var detail: String? {
        switch self {
        case .pending(let reason): reason
        case .refused(let refusal): refusal.description
        case .registered, .withdrawn: nil
        }
    }
}
