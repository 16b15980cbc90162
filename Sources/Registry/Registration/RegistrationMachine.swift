public import Machines

/// Decides how this host's instances get into the store and stay there: one lease for all, kept
/// alive; one claim for each. It never gives up: whatever is lost is asked for again.
///
/// The lease is in `RegistrationMachine+Lease.swift`, the instances in `RegistrationMachine+Claims.swift`, their
/// companion records in `RegistrationMachine+Companions.swift`, keys that the watch shows lost or changed in
/// `RegistrationMachine+KeyChanges.swift`, what is due at which time in `RegistrationMachine+Deadlines.swift`, delays
/// and other settings in `RegistrationMachine+Settings.swift`.
public struct RegistrationMachine: StateMachine {
    /// What the driver is to do.
    public enum Action: Equatable, Sendable {
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
        /// its keys would be in our way), or that an earlier run left under other settings.
        case revoke(LeaseID)
        /// Mark all keys as leaving, then revoke the lease, if there is one.
        case leave(LeaseID?, markers: [Claim])
        /// Save this for the next life, or forget what was saved: there is nothing to go on with. Comes before the
        /// report of the same.
        case save(SavedLease?)
        /// Report.
        case report(RegistrationReport)
        /// There is nothing more to do, ever.
        case finish
    }

    let settings: Settings
    var lease = LeaseState.none
    var registrations: [ServiceKey: Registration] = [:]
    /// Their keys in order: what chance decides must not depend on a hash.
    private(set) var order: [ServiceKey] = []
    var generator: SeededGenerator
    var grantBackoff: Backoff
    var hasStarted = false
    /// Why there is no lease, while there is none.
    var grantTrouble: String?
    var streams = 0
    /// What is registered as draining.
    private(set) var drains = Drains()
    /// Our keys on the pages of a whole state that have come so far.
    struct Listed: Sendable {
        var looksFor: Set<ServiceKey> = []
        /// The same, as they stand in the store.
        var keys: Set<StoreKey> = []
        var found: [ServiceKey: StoredRecord] = [:]
    }

    var listed = Listed()
    /// What an earlier run left to go on with, until that is settled.
    var saved: SavedLease?

    /// A machine that has not started.
    ///
    /// - Parameters:
    ///   - saved: The lease of an earlier run; it is gone on with if it is alive and fits the settings.
    ///   - generator: Decides lease ids and all jitter.
    public init(
        _ settings: Settings,
        continuing saved: SavedLease? = nil,
        generator: SeededGenerator
    ) {
        self.settings = settings
        self.generator = generator
        // Another host's lease is its own affair, wherever we have it from.
        if let saved, saved.isOwned(by: settings.owner) { self.saved = saved }
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

    /// The wanted instances that are in the store as far as is known: also while a call changes their records, or
    /// has failed to.
    public var standing: Set<ServiceKey> {
        Set(registrations.filter { $0.value.isWanted && $0.value.mayStand }.keys)
    }

    /// Whether the store has each instance as it is wanted, or somebody else has its key.
    public var isAsWanted: Bool {
        registrations.values.allSatisfy { registration in
            switch registration.state {
            case .registered(_, let desired, _, _):
                registration.isWanted && desired == self.desiredRecord(of: registration)
            case .withdrawn: !registration.isWanted
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
        case .asking(let saved), .waiting(.ask(let saved), _): saved.id
        case .none, .granting, .waiting, .leavingAfterGrant, .leaving, .left: nil
        }
    }

    /// What an instance is to be registered as. A companion record cannot say that it drains, and
    /// so is not there then.
    func desiredRecord(of registration: Registration) -> DesiredRecord {
        let drains = drains.contains(registration.instance.key.service)
        return DesiredRecord(
            instance: registration.instance,
            state: drains ? .draining : .up,
            companions: drains ? registration.companions.map(\.absent) : registration.companions
        )
    }

    /// Other services are to drain now. Each key whose value changes by that is put again, under the
    /// same lease.
    public mutating func drainsChanged(to drains: Drains, at now: Duration) -> [Action] {
        self.drains = drains
        for key in order { registrations[key]?.mayNeedCall = true }
        return advance(at: now)
    }

    /// Instances have come or gone.
    mutating func registrationsChanged() { order = registrations.keys.sorted() }
}
