import Machines

/// The life of the lease: had or continued, kept alive, lost, given back or left for the next run.
extension RegistrationMachine {
    /// The driver runs.
    public mutating func started(at now: Duration) -> [Action] {
        hasStarted = true
        return dropUnfitting() + advance(at: now)
    }

    /// The grant was made.
    ///
    /// - Parameter sent: When the request left; the time to live counts from there.
    public mutating func leaseGranted(
        _ id: LeaseID,
        _ term: LeaseTerm,
        sent: Duration,
        at now: Duration
    ) -> [Action] {
        if case .leavingAfterGrant(id, _) = lease { return leave(id) }
        guard case .granting(id) = lease else { return [] }
        let saved = SavedLease(id, of: term.clusterID, settings)
        return [.save(saved), .report(.leaseGranted(id, term))]
            + hold(id, term, sent: sent, at: now)
    }

    /// The store was asked for the lease of an earlier run.
    ///
    /// - Parameters:
    ///   - term: `nil` when it has ended.
    ///   - sent: When the request left.
    public mutating func leaseAnswered(
        _ id: LeaseID,
        _ term: LeaseTerm?,
        sent: Duration,
        at now: Duration
    ) -> [Action] {
        guard case .asking(let saved) = lease, saved.id == id else { return [] }
        guard let term, term.clusterID == saved.clusterID else {
            let id = newLeaseID()
            lease = .granting(id)
            return [.grant(id, ttl: settings.ttl)]
        }
        adoptSideKeys(term.keys)
        return [.report(.leaseContinued(id, term))] + hold(id, term, sent: sent, at: now)
    }

    mutating func take(_ step: LeaseState.Step) -> [Action] {
        switch step {
        case .ask(let saved):
            lease = .asking(saved)
            return [.ask(saved.id)]
        case .grant(let id):
            lease = .granting(id)
            return [.grant(id, ttl: settings.ttl)]
        }
    }

    /// Chosen by us, so that a grant whose answer is lost can be asked again under the same id.
    mutating func newLeaseID() -> LeaseID {
        LeaseID(rawValue: Int64.random(in: 1...Int64.max, using: &generator))
    }

    mutating func hold(
        _ id: LeaseID,
        _ term: LeaseTerm,
        sent: Duration,
        at now: Duration
    ) -> [Action] {
        streams += 1
        grantTrouble = nil
        lease = .held(
            HeldLease(
                id: id,
                ttl: term.granted,
                goodUntil: sent + term.remaining,
                beat: .awaited(since: now),
                stream: streams,
                backoff: Backoff(settings.backoff, generator: generator.split())
            )
        )
        return [.openKeepAlive(id, stream: streams)] + advance(at: now)
    }

    /// A lease whose keys are elsewhere, or that lives too long or too short, only leaves keys behind.
    mutating func dropUnfitting() -> [Action] {
        guard let saved, !saved.fits(settings) else { return [] }
        self.saved = nil
        return [.revoke(saved.id)]
    }

    /// The grant had no answer, or an error.
    public mutating func grantFailed(
        _ id: LeaseID,
        because error: StoreError,
        at now: Duration
    ) -> [Action] {
        if case .leavingAfterGrant(id, _) = lease { return leave(id) }
        guard case .granting(id) = lease else { return [] }
        return wait(for: .grant(id), because: error, at: now)
    }

    /// The question for the lease of an earlier run had no answer.
    public mutating func leaseAskFailed(
        _ id: LeaseID,
        because error: StoreError,
        at now: Duration
    ) -> [Action] {
        guard case .asking(let saved) = lease, saved.id == id else { return [] }
        return wait(for: .ask(saved), because: error, at: now)
    }

    mutating func wait(
        for step: LeaseState.Step,
        because error: StoreError,
        at now: Duration
    ) -> [Action] {
        let delay = grantBackoff.next()
        lease = .waiting(step, until: now + delay)
        grantTrouble = error.message
        return [.report(.grantFailed(error, retryIn: delay))]
    }

    /// A keep-alive was answered. Zero says that the lease is gone.
    public mutating func keepAliveAnswered(
        ttl: Duration,
        on stream: Int,
        at now: Duration
    ) -> [Action] {
        guard case .held(var held) = lease, held.stream == stream,
            case .awaited(let sent) = held.beat
        else { return [] }
        guard ttl > .zero else { return leaseLost(at: now) }
        held.ttl = ttl
        held.goodUntil = sent + ttl
        held.beat = .due(at: sent + ttl / 3)
        held.isDoubtful = false
        held.backoff.reset()
        lease = .held(held)
        return []
    }

    /// The keep-alive stream ended. That alone says nothing of the lease.
    public mutating func keepAliveEnded(
        _ stream: Int,
        because error: StoreError?,
        at now: Duration
    ) -> [Action] {
        guard case .held(var held) = lease, held.stream == stream else { return [] }
        if error?.code == .leaseNotFound { return leaseLost(at: now) }
        if case .reopening = held.beat { return [] }
        held.beat = .reopening(at: now + held.backoff.next())
        lease = .held(held)
        return []
    }

    /// The store answers again after an absence: what waits need not wait longer.
    public mutating func storeReconnected(at now: Duration) -> [Action] {
        // Not at once: every host of the fleet hears of it at the same instant.
        let soon = now + grantBackoff.jitter()
        switch lease {
        case .waiting(let step, let until): lease = .waiting(step, until: min(until, soon))
        case .held(var held):
            if case .reopening(let instant) = held.beat {
                held.beat = .reopening(at: min(instant, soon))
            }
            lease = .held(held)
        default: break
        }
        for (key, registration) in registrations {
            if case .failed(let error, let until) = registration.state {
                registrations[key]?.state = .failed(error, until: min(until, soon))
            }
        }
        return timePassed(to: now)
    }

    /// Everything is to be given back, for good.
    public mutating func leaveRequested(at now: Duration) -> [Action] {
        let markers = leavingMarkers()
        switch lease {
        case .none:
            lease = .left
            return [.save(nil), .report(.left(nil)), .finish]
        // A grant under way may have been made: its id is ours to give back, but not before the answer.
        case .granting(let id):
            lease = .leavingAfterGrant(id, until: now + Self.grantPatience)
            return []
        case .asking(let saved): return leave(saved.id)
        case .waiting(let step, _): return leave(step.id)
        case .held(let held):
            lease = .leaving
            return [.closeKeepAlive(stream: held.stream), .leave(held.id, markers: markers)]
        case .leavingAfterGrant, .leaving, .left:
            return []
        }
    }

    /// How long a leave waits for the answer to a grant.
    static let grantPatience = Duration.seconds(1)

    mutating func leave(_ id: LeaseID) -> [Action] {
        lease = .leaving
        return [.leave(id, markers: [])]
    }

    /// The process ends and comes back soon: the lease and the keys stay, for the next run to go on
    /// with. Nothing is said to the store.
    public mutating func pauseRequested() -> [Action] {
        switch lease {
        case .leavingAfterGrant, .leaving, .left: return []
        case .held(let held):
            lease = .left
            return [.closeKeepAlive(stream: held.stream), .report(.paused(held.id)), .finish]
        case .none, .asking, .granting, .waiting:
            lease = .left
            return [.report(.paused(nil)), .finish]
        }
    }

    /// Everything is given back; or not, and then it goes when the lease ends by itself.
    public mutating func leaveEnded(_ error: StoreError?) -> [Action] {
        guard case .leaving = lease else { return [] }
        lease = .left
        return (error == nil ? [.save(nil)] : []) + [.report(.left(error)), .finish]
    }

    /// The store says that the lease is gone, and with it the keys.
    mutating func leaseLost(at now: Duration) -> [Action] {
        guard case .held(let held) = lease else { return [] }
        let id = newLeaseID()
        // The first new lease at once; a store that keeps losing them is asked ever more slowly.
        let isFirst = grantBackoff.attempts == 0
        let delay = grantBackoff.next()
        lease = .waiting(.grant(id), until: isFirst ? now : now + delay)
        forgetClaims()
        return [
            .report(.leaseLost(held.id)), .closeKeepAlive(stream: held.stream), .revoke(held.id),
        ] + timePassed(to: now)
    }

    /// Another machine goes on with the same lease. It keeps it; we take one of our own, and are told then
    /// who has our keys.
    mutating func leaseShared(with twin: String, at now: Duration) -> [Action] {
        guard case .held(let held) = lease else { return [] }
        lease = .waiting(.grant(newLeaseID()), until: now + grantBackoff.next())
        forgetClaims()
        return [
            .report(.leaseShared(held.id, with: twin)), .closeKeepAlive(stream: held.stream),
        ] + timePassed(to: now)
    }

    /// An instance is in the store under the lease: leases are of use here.
    mutating func leaseProved() {
        grantBackoff.reset()
    }
}
