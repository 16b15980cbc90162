import Configuration
import Logging
import Registry
import ServiceLifecycle
import Systemd
import Texts

/// Runs the registration, and decides what becomes of it when the daemon ends: given back, or left for the next run.
struct RegistrationService: Service {
    let session: RegistrationSession
    /// What becomes of the registrations, and how long they stand as draining before they go.
    let lease: Configuration.Lease
    let leases: LeaseStore
    /// Asks systemd what it is doing with our unit.
    let ownJob: @Sendable () async throws(SystemdError) -> OwnJob
    let notifier: Notifier
    let log: Logger

    func run() async throws {
        await withTaskGroup { group in
            group.addTask { await EventLoops.besideConnection { await session.run() } }
            group.addTask {
                // Throws when it is cancelled, and then the session is as well.
                guard (try? await gracefulShutdown()) != nil else { return }
                if await stays() { return session.pause() }
                await drain()
                session.leave()
            }
        }
    }

    /// Gives those who send us traffic time to hear of the end before it comes.
    private func drain() async {
        guard lease.drain > .zero, session.leaseID != nil else { return }
        let span = "\(DurationText(lease.drain))"
        log.log(.drainingBeforeStop, metadata: ["for": "\(span)"])
        session.setDrains(Drains(everything: true))
        do throws(SystemdError) {
            try notifier.send(
                .status("draining for \(span), then deregistering"),
                .extendTimeout(lease.drain + .seconds(10))
            )
        } catch {
            log.log(.notificationFailed, error.message)
        }
        // Cancelled: then all is left at once.
        try? await Task.sleep(for: lease.drain)
    }

    private func stays() async -> Bool {
        switch lease.onStop {
        case .deregister: return false
        case .keep: return true
        case .auto:
            guard await leases.hasSaved(session.leaseID) else { return false }
            do throws(SystemdError) {
                return try await ownJob() == .restart
            } catch {
                log.debug("could not ask systemd whether this is a restart: \(error.message)")
                return false
            }
        }
    }
}
