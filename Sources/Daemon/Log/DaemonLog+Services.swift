import HealthChecks
import Logging
import Registry
import Synchronization
import Texts

// This host's services: their lease and keys, their health, what drains.
extension DaemonLog {
    // MARK: the registration

    func registration(_ report: RegistrationReport) {
        switch report {
        case .leaseGranted(let lease, let term):
            forget("grant")
            ttl.withLock { $0 = term.granted }
            log.info(
                "lease granted",
                metadata: ["lease": "\(lease)", "ttl": "\(term.granted.text)"]
            )
        case .leaseContinued(let lease, let term):
            forget("grant")
            ttl.withLock { $0 = term.granted }
            log.info(
                "lease of the previous run continued",
                metadata: ["lease": "\(lease)", "remaining": "\(term.remaining.text)"]
            )
        case .leaseLost(let lease):
            log.log(.leaseLost, metadata: ["lease": "\(lease)"])
        case .leaseShared(let lease, let twin):
            log.log(
                .leaseShared,
                "one host is a copy of the other; give each its own /etc/machine-id",
                metadata: ["lease": "\(lease)", "other": "\(twin)"]
            )
        case .leaseDoubtful(let lease):
            log.log(.leaseDoubtful, metadata: ["lease": "\(lease)"])
        case .grantFailed(let error, let delay): retry("grant", .leaseNotGranted, error, delay)
        case .registered(let key, let lease, let revision):
            forget("claim \(key)")
            log.log(
                .registered,
                metadata: about(key).merging(["lease": "\(lease)", "revision": "\(revision)"]) {
                    $1
                }
            )
        case .updated(let key, let state, let revision):
            forget("claim \(key)")
            log.log(
                .registrationUpdated,
                metadata: about(key).merging([
                    "state": "\(state.rawValue)", "revision": "\(revision)",
                ]) { $1 }
            )
        case .lost(let key, .deleted):
            log.log(.registrationKeyDeleted, metadata: about(key))
        case .lost(let key, .overwritten):
            log.log(.registrationKeyOverwritten, metadata: about(key))
        case .contested(let key): log.log(.registrationContested, metadata: about(key))
        case .lostAgain(let key):
            log.debug("registration deleted or overwritten again", metadata: about(key))
        case .reclaimed(let key): log.debug("registration restored", metadata: about(key))
        case .refused(let key, let refusal):
            log.log(.registrationRefused, refusal.description, metadata: about(key))
        case .companionsHeld(let key, let held):
            log.log(
                .companionHeld,
                "give one of the two services another id or name",
                metadata: about(key).merging(["keys": "\(held.joined(separator: ", "))"]) { $1 }
            )
        case .claimFailed(let key, let error, let delay):
            retry("claim \(key)", .registrationFailed, error, delay, about(key))
        case .withdrawn(let key): log.log(.deregistered, metadata: about(key))
        case .left(nil): log.log(.allDeregistered)
        case .paused(let lease):
            log.log(
                .registrationsKept,
                metadata: ["lease": "\(lease?.description ?? "none")"]
            )
        case .left(let error?):
            let ttl = ttl.withLock { $0?.text }
            log.log(
                .leaseNotRevoked,
                error.description,
                metadata: ttl.map { ["expires_in": "\($0)"] } ?? [:]
            )
        }
    }

    // MARK: drains

    func drain(_ report: DrainReport) {
        switch report {
        case .continued(let target):
            log.log(.drainingStill, target.name, metadata: about(target))
        case .began(let target, let span):
            var metadata = about(target)
            metadata["for"] = span.map { "\($0)" }
            log.log(.draining, target.name, metadata: metadata)
        case .ended(let target): log.log(.drainEnded, target.name, metadata: about(target))
        case .expired(let target): log.log(.drainExpired, target.name, metadata: about(target))
        }
    }

    private func about(_ target: DrainMachine.Target) -> Logger.Metadata {
        target.service.map { ["service": "\($0)"] } ?? [:]
    }

    // MARK: what is registered

    func registrar(_ report: RegistrarReport) {
        switch report {
        case .addressChanged(let address, let before):
            log.log(
                .addressChanged,
                address.text,
                metadata: ["before": "\(before?.text ?? "none")"]
            )
        case .addressMissing(let name):
            log.log(
                .addressMissing,
                "\(name) \(PrimaryAddress.missing)",
                metadata: ["service": "\(name)"]
            )
        case .serviceUnusable(let name, let reason):
            log.log(.serviceUnusable, "\(name): \(reason)")
        }
    }

    // MARK: health

    func health(_ report: HealthReport) {
        switch report {
        case .up(let key): log.log(.healthPassed, metadata: about(key))
        case .down(let key, let reason):
            log.log(.healthFailed, "\(reason)", metadata: about(key))
        case .reasonChanged(let key, let reason):
            log.debug("health check fails for another reason: \(reason)", metadata: about(key))
        case .dampingBegan(let key, let delay):
            log.log(
                .flappingBegan,
                metadata: about(key).merging(["return_in": "\(delay.text)"]) { $1 }
            )
        case .dampingEnded(let key):
            log.log(.flappingEnded, metadata: about(key))
        case .checkFailing(let key, let check, let saw, let fall):
            log.info(
                "health check failed (1 of \(fall)): \(check): \(saw)",
                metadata: about(key)
            )
        }
    }
}
