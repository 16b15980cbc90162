import Machines

/// Does what is due as time passes: keep-alives, calls that are made again, and claims whose turn it is.
extension RegistrationMachine {
    /// As ``StateMachine/deadline`` says.
    public var deadline: Duration? {
        guard hasStarted else { return nil }
        switch lease {
        case .none, .asking, .granting, .leaving, .left: return nil
        case .waiting(_, let until), .leavingAfterGrant(_, let until): return until
        case .held(let held):
            let lease = held.isDoubtful ? held.nextInstant : min(held.nextInstant, held.goodUntil)
            return nextCall.map { min(lease, $0) } ?? lease
        }
    }

    /// When something is due of one of the instances. Asked after each event, so in one pass over all of them.
    private var nextCall: Duration? {
        var (next, retry) = (Duration?.none, Duration?.none)
        var free = settings.claimsInFlight
        for registration in registrations.values {
            if registration.isBusy { free -= 1 }
            next = Self.earlier(next, Self.earlier(registration.settlesAt, registration.reviewDue))
            retry = Self.earlier(retry, registration.retryAt)
        }
        // While all slots are taken, the end of a call moves the others on, not time.
        return free > 0 ? Self.earlier(next, retry) : next
    }

    private static func earlier(_ left: Duration?, _ right: Duration?) -> Duration? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }

    /// As ``StateMachine/timePassed(to:)`` says.
    public mutating func timePassed(to now: Duration) -> [Action] {
        switch lease {
        case .waiting(let step, let until) where until <= now:
            return take(step)
        case .leavingAfterGrant(let id, let until) where until <= now:
            return leave(id)
        case .held(let held):
            return beat(held, at: now) + settleContested(at: now) + reviewCompanions(at: now)
                + advance(at: now)
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
}

extension HeldLease {
    var nextInstant: Duration {
        switch beat {
        case .due(let instant), .reopening(let instant): instant
        case .awaited(let since): since + patience
        }
    }
}
