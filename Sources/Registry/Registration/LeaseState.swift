import Machines

/// The daemon's one lease.
enum LeaseState: Sendable {
    /// None is wanted: there is nothing to register. Can go to `asking`, `granting`, `left`.
    case none
    /// The store is asked whether the lease of our last run lives on. Can go to `held`, `granting`,
    /// `waiting`, `leaving`, `left`.
    case asking(SavedLease)
    /// A grant is under way, under an id that we chose. Can go to `held`, `waiting`,
    /// `leavingAfterGrant`, `left`.
    case granting(LeaseID)
    /// The call had no answer and is made again. A grant may have been made all the same, so the id
    /// stays. Can go to `asking`, `granting`, `leaving`, `left`.
    case waiting(Step, until: Duration)
    /// Ours, as far as we know. Can go to `waiting` when the store says that it is gone, and to `leaving`,
    /// `left`.
    case held(HeldLease)
    /// To be given back, but the grant is still under way: a revoke could overtake it. Can go to
    /// `leaving`.
    case leavingAfterGrant(LeaseID, until: Duration)
    /// Being given back. Can go to `left`.
    case leaving
    /// Given back, or never had. This state is terminal.
    case left

    /// How a lease is to be had.
    enum Step: Sendable {
        case ask(SavedLease)
        case grant(LeaseID)

        /// The lease that may be ours by now.
        var id: LeaseID {
            switch self {
            case .ask(let saved): saved.id
            case .grant(let id): id
            }
        }
    }
}

/// A lease that was granted.
struct HeldLease: Sendable {
    enum Beat: Sendable {
        /// The next keep-alive leaves then.
        case due(at: Duration)
        /// One left then, and its answer is not here.
        case awaited(since: Duration)
        /// The stream is closed and opened again then. The lease is not lost by that.
        case reopening(at: Duration)
    }

    let id: LeaseID
    var ttl: Duration
    /// Until when the lease lives for certain: counted from when the request left.
    var goodUntil: Duration
    var beat: Beat
    /// Counts the keep-alive streams, so that late answers of an old one are told apart.
    var stream: Int
    var isDoubtful = false
    var backoff: Backoff

    /// How long an answer may take before the stream is opened again.
    ///
    /// With a time to live of 10 s, the default, that is when the next keep-alive is due: one alarm is set for both.
    var patience: Duration { min(max(ttl / 3, .seconds(1)), .seconds(3.5)) }
}
