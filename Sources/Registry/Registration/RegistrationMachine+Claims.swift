import Machines

/// The instances: each claimed, watched over, claimed again when lost, and withdrawn when it is wanted no more.
extension RegistrationMachine {
    // MARK: what is wanted

    /// The configuration names these instances now. Those that are new are claimed, those that
    /// changed put again, those that are gone withdrawn; the rest is not touched.
    ///
    /// - Parameter companions: The companion records of some of them.
    public mutating func servicesChanged(
        to instances: [ServiceInstance],
        companions: [ServiceKey: [CompanionRecord]] = [:],
        at now: Duration
    ) -> [Action] {
        let wanted = Dictionary(instances.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        for key in registrations.keys where wanted[key] == nil {
            registrations[key]?.isWanted = false
        }
        // In order: what chance decides must not depend on a hash.
        for (key, instance) in wanted.sorted(by: { $0.key < $1.key }) {
            if registrations[key] == nil {
                registrations[key] = Registration(
                    instance,
                    companions: companions[key] ?? [],
                    settings: settings,
                    generator: &generator
                )
            } else {
                registrations[key]?.instance = instance
                registrations[key]?.companions = companions[key] ?? []
                registrations[key]?.isWanted = true
            }
        }
        registrationsChanged()
        return advance(at: now)
    }

    // MARK: what happened

    /// A claim was answered.
    public mutating func claimAnswered(
        _ key: ServiceKey,
        lease: LeaseID,
        _ outcome: ClaimOutcome,
        at now: Duration
    ) -> [Action] {
        if reviewEnded(key, under: lease) {
            return companionsHeld(key, outcome)
                + (outcome == .leaseGone ? leaseLost(at: now) : advance(at: now))
        }
        guard case .claiming(lease, let desired) = registrations[key]?.state else { return [] }
        let heard = registrations[key]?.heard
        registrations[key]?.heard = nil
        var actions = companionsHeld(key, outcome)
        switch outcome {
        case .claimed(let revision, _):
            actions += claimed(key, lease, desired, revision, at: now)
        case .heldByAnotherHost(let holder):
            actions += refused(key, .heldByAnotherHost(holder), at: now)
        case .heldByOurHost(let holder):
            actions += refused(key, .heldByOurHost(holder), at: now)
        case .leaseGone:
            registrations[key]?.state = .unclaimed
            registrations[key]?.older = nil
            return leaseLost(at: now)
        }
        // Something may have happened to the key while the answer was on its way.
        if let heard { actions += newsHeard(heard, of: key, at: now) }
        return actions + advance(at: now)
    }

    /// A claim or a withdrawal under `lease` had no answer, or an error.
    public mutating func claimFailed(
        _ key: ServiceKey,
        lease: LeaseID,
        because error: StoreError,
        at now: Duration
    ) -> [Action] {
        if reviewEnded(key, under: lease) { return advance(at: now) }
        guard registrations[key]?.leaseOfCall == lease else { return [] }
        let delay = registrations[key]?.backoff.next() ?? .zero
        registrations[key]?.state = .failed(error, until: now + delay)
        registrations[key]?.heard = nil
        return [.report(.claimFailed(key, error, retryIn: delay))] + advance(at: now)
    }

    /// An instance was taken out, under `lease`.
    public mutating func withdrawn(
        _ key: ServiceKey,
        lease: LeaseID,
        at now: Duration
    ) -> [Action] {
        guard case .withdrawing(lease) = registrations[key]?.state else { return [] }
        registrations[key]?.state = .withdrawn
        registrations[key]?.standing = []
        registrations[key]?.heard = nil
        registrations[key]?.backoff.reset()
        return [.report(.withdrawn(key))] + advance(at: now)
    }

    private mutating func claimed(
        _ key: ServiceKey,
        _ lease: LeaseID,
        _ desired: DesiredRecord,
        _ revision: Revision,
        at now: Duration
    ) -> [Action] {
        let isContested = registrations[key]?.isContested ?? false
        let isUpdate = registrations[key]?.isUpdate ?? false
        registrations[key]?.state = .registered(lease, desired, at: revision, since: now)
        registrations[key]?.older = nil
        registrations[key]?.standing = desired.standing
        let review = desired.companions.isEmpty ? nil : nextReview(after: now)
        registrations[key]?.reviewAt = review
        registrations[key]?.backoff.reset()
        registrations[key]?.refusalBackoff.reset()
        registrations[key]?.lastRefusal = nil
        leaseProved()
        if isContested { return [.report(.reclaimed(key))] }
        if isUpdate { return [.report(.updated(key, desired.state, at: revision))] }
        return [.report(.registered(key, lease: lease, at: revision))]
    }

    private mutating func refused(
        _ key: ServiceKey,
        _ refusal: Refusal,
        at now: Duration
    ) -> [Action] {
        guard var registration = registrations[key] else { return [] }
        registration.state = .refused(refusal, until: now + registration.refusalBackoff.next())
        registration.older = nil
        let isNews = registration.lastRefusal != refusal
        registration.lastRefusal = refusal
        registrations[key] = registration
        return isNews ? [.report(.refused(key, refusal))] : []
    }

    /// Keys that were contested and have stood for a while are registered like any other again.
    mutating func settleContested(at now: Duration) -> [Action] {
        var actions: [Action] = []
        for key in order {
            guard let due = registrations[key]?.settlesAt, due <= now,
                case .registered(let lease, _, let revision, _) = registrations[key]?.state
            else { continue }
            registrations[key]?.lossBackoff.reset()
            actions.append(.report(.registered(key, lease: lease, at: revision)))
        }
        return actions
    }

    // MARK: what to do next

    /// Begins whatever can begin now.
    mutating func advance(at now: Duration) -> [Action] {
        guard hasStarted else { return [] }
        if case .none = lease {
            guard registrations.values.contains(where: \.isWanted) else {
                forgetUnwanted()
                return []
            }
            let step = saved.map(LeaseState.Step.ask) ?? .grant(newLeaseID())
            saved = nil
            return take(step)
        }
        return advanceClaims(at: now)
    }

    /// Begins claims and withdrawals, as many as there are free slots.
    mutating func advanceClaims(at now: Duration) -> [Action] {
        forgetUnwanted()
        guard case .held(let held) = lease else { return [] }
        var free = settings.claimsInFlight - registrations.values.count(where: \.isBusy)
        var actions: [Action] = []
        for key in order where registrations[key]?.mayNeedCall == true {
            guard free > 0 else { break }
            guard let action = next(for: key, under: held.id, at: now) else { continue }
            actions.append(action)
            free -= 1
        }
        return actions
    }

    private mutating func next(
        for key: ServiceKey,
        under lease: LeaseID,
        at now: Duration
    ) -> Action? {
        guard let registration = registrations[key], !registration.isBusy,
            registration.retryAt.map({ $0 <= now }) ?? true
        else { return nil }
        let wanted = desiredRecord(of: registration)
        switch (registration.isWanted, registration.state) {
        case (true, .registered(_, let desired, _, _)) where desired == wanted:
            registrations[key]?.mayNeedCall = false
            return nil
        case (true, _):
            registrations[key]?.isUpdate = registration.isRegistered
            if case .registered(let lease, _, let revision, _) = registration.state {
                registrations[key]?.older = (lease, revision)
            }
            registrations[key]?.state = .claiming(lease, wanted)
            registrations[key]?.standing.formUnion(wanted.standing)
            return .claim(claim(wanted, instead: registration.standing, under: lease))
        default:
            // After a failed call nobody knows what stands there: withdrawing it does no harm.
            registrations[key]?.state = .withdrawing(lease)
            registrations[key]?.older = nil
            return .withdraw(
                claim(
                    leaving(registration.instance),
                    instead: registration.standing,
                    under: lease
                )
            )
        }
    }

    /// Drops what is neither wanted nor in the store.
    mutating func forgetUnwanted() {
        let isNeeded = { (registration: Registration) in
            registration.isWanted || registration.mayStand
        }
        guard !registrations.values.allSatisfy(isNeeded) else { return }
        registrations = registrations.filter { isNeeded($0.value) }
        registrationsChanged()
    }

    /// The lease is gone and all keys with it.
    mutating func forgetClaims() {
        for (key, registration) in registrations {
            switch registration.state {
            case .claiming, .registered, .failed, .lost: registrations[key]?.state = .unclaimed
            case .withdrawing: registrations[key]?.state = .withdrawn
            case .unclaimed, .refused, .withdrawn: break
            }
            registrations[key]?.standing = []
            registrations[key]?.older = nil
            registrations[key]?.reviewing = nil
            registrations[key]?.heard = nil
        }
        forgetUnwanted()
    }

    /// The keys as their owner's last word has them.
    func leavingMarkers() -> [Claim] {
        guard case .held(let held) = lease else { return [] }
        return order.compactMap { key in
            switch registrations[key]?.state {
            case .registered(_, let desired, _, _), .claiming(_, let desired):
                claim(leaving(desired.instance), under: held.id)
            default: nil
            }
        }
    }

    private func leaving(_ instance: ServiceInstance) -> DesiredRecord {
        DesiredRecord(instance: instance, state: .leaving)
    }

    /// - Parameter standing: The companion records that may stand now, and are to go when neither the record has them
    ///   nor another instance wants them by now.
    func claim(
        _ desired: DesiredRecord,
        instead standing: Set<String> = [],
        under lease: LeaseID
    ) -> Claim {
        let gone =
            standing.isEmpty
            ? []
            : standing.subtracting(desired.companions.map(\.key)).subtracting(wantedCompanions)
                .sorted()
        return Claim(
            key: settings.prefix.key(desired.instance.key),
            instance: desired.instance.key,
            value: value(of: desired),
            lease: lease,
            owner: settings.owner,
            companions: desired.companions + gone.map { CompanionRecord(key: $0, value: nil) }
        )
    }

    func value(of desired: DesiredRecord) -> [UInt8] {
        RecordCodec.encode(
            desired.instance,
            owner: settings.owner,
            host: settings.host,
            state: desired.state
        )
    }
}
