import Logging
import Registry
import ServiceLifecycle
import Systemd

/// The registration, and what becomes of it when the daemon ends: given back, or left for the next run.
struct Leaving: Service {
    let session: RegistrationSession
    let onStop: Configuration.OnStop
    let keeper: LeaseKeeper
    /// Asks systemd what it is doing with our unit.
    let ownJob: @Sendable () async throws(SystemdError) -> OwnJob
    let log: Logger

    func run() async throws {
        await withTaskGroup { group in
            group.addTask { await session.run() }
            group.addTask {
                // Throws when it is cancelled, and then the session is as well.
                guard (try? await gracefulShutdown()) != nil else { return }
                if await stays() { session.pause() } else { session.leave() }
            }
        }
    }

    private func stays() async -> Bool {
        switch onStop {
        case .deregister: return false
        case .keep: return true
        case .auto:
            guard keeper.keeps(session.leaseID) else { return false }
            do throws(SystemdError) {
                return try await ownJob() == .restart
            } catch {
                log.debug("systemd does not say whether this is a restart: \(error.message)")
                return false
            }
        }
    }
}
