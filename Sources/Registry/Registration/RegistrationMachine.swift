/// Decides how this host's instances get into the store and stay there: one lease for all, kept
/// alive; one claim for each. It never gives up: whatever is lost is asked for again.
///
/// This file decides about the lease; the instances are in `RegistrationMachine+Claims.swift`, what time
/// brings in `RegistrationMachine+Time.swift`.
public struct RegistrationMachine: StateMachine {
    /// Who registers, and how.
    public struct Settings: Sendable {
        /// Where in the key space.
        public var prefix: RegistryPrefix
        /// This host.
        public var owner: OwnerID
        /// The time to live to ask for, in whole seconds, at least 1. Default 10 s.
        public var ttl: Duration = .seconds(10)
        /// How many claims may be under way at once. Default 16.
        public var claimsInFlight = 16
        /// Delays after failures. Default up to 200 ms at first, up to 5 s in the end.
        public var backoff = Backoff.Policy(base: .milliseconds(200), cap: .seconds(5))
        /// Delays between tries for a key that somebody else has. Default up to 2 s at first, up to
        /// 30 s in the end; a deletion of the key ends the wait at once.
        public var refusalBackoff = Backoff.Policy(base: .seconds(2), cap: .seconds(30))
        /// How often the records beside our keys are looked after, in the mean. Default 5 min.
        public var reviewEvery: Duration = .seconds(300)

        /// Settings with the defaults above.
        public init(prefix: RegistryPrefix = .standard, owner: OwnerID) {
            self.prefix = prefix
            self.owner = owner
        }
    }

    /// What the driver is to do.
    public enum Action: Sendable {
        /// Ask whether this lease lives.
        case ask(LeaseID)
        /// Grant a lease.
        case grant(LeaseID, ttl: Duration)
        /// Open this keep-alive stream and send a first request.
        case openKeepAlive(LeaseID, stream: Int)
        /// Send a request on this stream.
        case sendKeepAlive(stream: Int)
        /// Give up this stream.
        case closeKeepAlive(stream: Int)
        /// The connection does not answer.
        case suspectConnection
        /// Put a key.
        case claim(Claim)
        /// Mark the key as leaving, then delete it.
        case withdraw(Claim)
        /// Revoke a lease that is of no use any more: one that the store says is gone (if it was wrong,
        /// its keys would be in our way), or that an earlier life left under other settings.
        case revoke(LeaseID)
        /// Mark all keys as leaving, then revoke the lease, if there is one.
        case leave(LeaseID?, markers: [Claim])
        /// Report.
        case report(RegistrationReport)
        /// There is nothing more to do, ever.
        case finish
    }

    let settings: Settings
    var lease = LeaseState.none
    var registrations: [ServiceKey: Registration] = [:]
    var generator: SeededGenerator
    var grantBackoff: Backoff
    var hasStarted = false
    /// Why there is no lease, while there is none.
    var grantTrouble: String?
    var streams = 0
    /// What is registered as draining.
    private(set) var drains = Drains()
    /// What an earlier life left to go on with, until that is settled.
    var kept: KeptLease?

    /// A machine that has not started.
    ///
    /// - Parameters:
    ///   - kept: The lease of an earlier life; it is gone on with if it is alive and fits the settings.
    ///   - generator: Decides lease ids and all jitter.
    public init(_ settings: Settings, continuing kept: KeptLease? = nil, generator: SeededGenerator)
    {
        self.settings = settings
        self.generator = generator
        // Another host's lease is its own affair, wherever we have it from.
        if let kept, kept.isOwned(by: settings.owner) { self.kept = kept }
        grantBackoff = Backoff(settings.backoff, generator: self.generator.split())
    }

    // MARK: state

    /// How each instance stands.
    public var statuses: [ServiceKey: RegistrationStatus] {
        registrations.mapValues { registration in
            if case .pending(nil) = registration.status { return .pending(grantTrouble) }
            return registration.status
        }
    }

    /// Whether each instance is registered, or refused with a reason.
    public var isSettled: Bool { registrations.values.allSatisfy { $0.status.isSettled } }

    /// Whether the store has each instance as it is wanted, or somebody else has its key.
    public var isAsWanted: Bool {
        registrations.values.allSatisfy { registration in
            switch registration.state {
            case .registered(_, let offer, _, _):
                registration.wish == .present && offer == self.offer(of: registration)
            case .withdrawn: registration.wish != .present
            case .refused: true
            case .unclaimed, .claiming, .lost, .failed, .withdrawing: false
            }
        }
    }

    /// The lease, when there is one.
    public var leaseID: LeaseID? {
        if case .held(let held) = lease { held.id } else { nil }
    }

    /// Until when the lease lives for certain, when there is one.
    public var leaseEnd: Duration? {
        if case .held(let held) = lease { held.goodUntil } else { nil }
    }

    /// The lease under which a key in the store is ours: held, or asked for and perhaps alive.
    var ownLease: LeaseID? {
        switch lease {
        case .held(let held): held.id
        case .asking(let kept), .waiting(.ask(let kept), _): kept.id
        case .none, .granting, .waiting, .leavingAfterGrant, .leaving, .left: nil
        }
    }

    /// What an instance is to be registered as. What stands beside it cannot say that it drains, and so
    /// is not there then.
    func offer(of registration: Registration) -> Offer {
        let drains = drains.contains(registration.instance.key.service)
        return Offer(
            instance: registration.instance,
            state: drains ? .draining : .up,
            beside: drains ? registration.beside.map(\.absent) : registration.beside
        )
    }

    /// Other services are to drain now. Each key whose value changes by that is put again, under the
    /// same lease.
    public mutating func drainsChanged(to drains: Drains, at now: Duration) -> [Action] {
        self.drains = drains
        return advance(at: now)
    }

    // MARK: the life of the lease

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
        return [.report(.leaseGranted(id, term))] + hold(id, term, sent: sent, at: now)
    }

    /// The store was asked for the lease of an earlier life.
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
        guard case .asking(let kept) = lease, kept.id == id else { return [] }
        guard let term, term.clusterID == kept.clusterID else {
            let id = newLeaseID()
            lease = .granting(id)
            return [.grant(id, ttl: settings.ttl)]
        }
        adoptSideKeys(term.keys)
        return [.report(.leaseContinued(id, term))] + hold(id, term, sent: sent, at: now)
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
        guard let kept, !kept.fits(settings) else { return [] }
        self.kept = nil
        return [.revoke(kept.id)]
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

    /// The question for the lease of an earlier life had no answer.
    public mutating func leaseAskFailed(
        _ id: LeaseID,
        because error: StoreError,
        at now: Duration
    ) -> [Action] {
        guard case .asking(let kept) = lease, kept.id == id else { return [] }
        return wait(for: .ask(kept), because: error, at: now)
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
            return [.report(.left(nil)), .finish]
        // A grant under way may have been made: its id is ours to give back, but not before the answer.
        case .granting(let id):
            lease = .leavingAfterGrant(id, until: now + Self.grantPatience)
            return []
        case .asking(let kept): return leave(kept.id)
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

    /// The process ends and comes back soon: the lease and the keys stay, for the next life to go on
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
        return [.report(.left(error)), .finish]
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
