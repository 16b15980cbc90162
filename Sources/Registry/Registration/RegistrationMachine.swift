/// Decides how this host's instances get into the store and stay there: one lease for all, kept
/// alive; one claim for each. It never gives up: whatever is lost is asked for again.
///
/// This file decides about the lease; the instances are in `RegistrationMachine+Claims.swift`.
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

        /// Settings with the defaults above.
        public init(prefix: RegistryPrefix = .standard, owner: OwnerID) {
            self.prefix = prefix
            self.owner = owner
        }
    }

    /// What the driver is to do.
    public enum Action: Sendable {
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
        /// Revoke a lease that the store says is gone: if it was wrong, its keys would be in our way.
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
    private var grantBackoff: Backoff
    private var hasStarted = false
    /// Why there is no lease, while there is none.
    private var grantTrouble: String?
    private var streams = 0

    /// A machine that has not started.
    ///
    /// - Parameter generator: Decides lease ids and all jitter.
    public init(_ settings: Settings, generator: SeededGenerator) {
        self.settings = settings
        self.generator = generator
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

    /// The lease, when there is one.
    public var leaseID: LeaseID? {
        if case .held(let held) = lease { held.id } else { nil }
    }

    // MARK: the life of the lease

    /// The driver runs.
    public mutating func started(at now: Duration) -> [Action] {
        hasStarted = true
        return advance(at: now)
    }

    /// The grant was made.
    ///
    /// - Parameter sent: When the request left; the time to live counts from there.
    public mutating func leaseGranted(
        _ id: LeaseID,
        ttl: Duration,
        sent: Duration,
        at now: Duration
    ) -> [Action] {
        guard case .granting(id) = lease else { return [] }
        streams += 1
        grantTrouble = nil
        lease = .held(
            HeldLease(
                id: id,
                ttl: ttl,
                goodUntil: sent + ttl,
                beat: .awaited(since: now),
                stream: streams,
                backoff: Backoff(settings.backoff, generator: generator.split())
            )
        )
        return [.report(.leaseGranted(id, ttl: ttl)), .openKeepAlive(id, stream: streams)]
            + advance(at: now)
    }

    /// The grant had no answer, or an error.
    public mutating func grantFailed(
        _ id: LeaseID,
        because error: StoreError,
        at now: Duration
    ) -> [Action] {
        guard case .granting(id) = lease else { return [] }
        let delay = grantBackoff.next()
        lease = .waiting(id, until: now + delay)
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
        case .waiting(let id, let until): lease = .waiting(id, until: min(until, soon))
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
        // A grant under way may have been made: its id is ours to give back.
        case .granting(let id), .waiting(let id, _):
            lease = .leaving
            return [.leave(id, markers: [])]
        case .held(let held):
            lease = .leaving
            return [.closeKeepAlive(stream: held.stream), .leave(held.id, markers: markers)]
        case .leaving, .left:
            return []
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
        lease = .waiting(id, until: isFirst ? now : now + delay)
        forgetClaims()
        return [
            .report(.leaseLost(held.id)), .closeKeepAlive(stream: held.stream), .revoke(held.id),
        ] + timePassed(to: now)
    }

    /// An instance is in the store under the lease: leases are of use here.
    mutating func leaseProved() {
        grantBackoff.reset()
    }

    // MARK: time

    /// As ``StateMachine/deadline`` says.
    public var deadline: Duration? {
        guard hasStarted else { return nil }
        switch lease {
        case .none, .granting, .leaving, .left: return nil
        case .waiting(_, let until): return until
        case .held(let held):
            var next = [held.nextInstant]
            if !held.isDoubtful { next.append(held.goodUntil) }
            next += registrations.values.compactMap(\.settlesAt)
            // While all slots are taken, the end of a call moves the others on, not time.
            if hasFreeSlot { next += registrations.values.compactMap(\.retryAt) }
            return next.min()
        }
    }

    /// As ``StateMachine/timePassed(to:)`` says.
    public mutating func timePassed(to now: Duration) -> [Action] {
        switch lease {
        case .waiting(let id, let until) where until <= now:
            lease = .granting(id)
            return [.grant(id, ttl: settings.ttl)]
        case .held(let held):
            return beat(held, at: now) + settleContested(at: now) + advance(at: now)
        default:
            return []
        }
    }

    private mutating func beat(_ held: HeldLease, at now: Duration) -> [Action] {
        var held = held
        var actions: [Action] = []
        if !held.isDoubtful, held.goodUntil <= now {
            held.isDoubtful = true
            actions.append(.report(.leaseDoubtful(held.id)))
        }
        switch held.beat {
        case .due(let instant) where instant <= now:
            held.beat = .awaited(since: now)
            actions.append(.sendKeepAlive(stream: held.stream))
        case .awaited(let since) where since + held.patience <= now:
            held.beat = .reopening(at: now + held.backoff.next())
            actions += [.closeKeepAlive(stream: held.stream), .suspectConnection]
        case .reopening(let instant) where instant <= now:
            streams += 1
            held.stream = streams
            held.beat = .awaited(since: now)
            actions.append(.openKeepAlive(held.id, stream: streams))
        default: break
        }
        lease = .held(held)
        return actions
    }

    /// Begins whatever can begin now.
    mutating func advance(at now: Duration) -> [Action] {
        guard hasStarted else { return [] }
        if case .none = lease {
            guard registrations.values.contains(where: { $0.wish == .present }) else {
                forgetUnwanted()
                return []
            }
            let id = newLeaseID()
            lease = .granting(id)
            return [.grant(id, ttl: settings.ttl)]
        }
        return advanceClaims(at: now)
    }

    /// Chosen by us, so that a grant whose answer is lost can be asked again under the same id.
    private mutating func newLeaseID() -> LeaseID {
        LeaseID(rawValue: Int64.random(in: 1...Int64.max, using: &generator))
    }
}

extension HeldLease {
    var nextInstant: Duration {
        switch beat {
        case .due(let instant), .reopening(let instant): instant
        case .awaited(let since): since + patience
        }
    }
}
