/// The companion records of our keys, for readers of other formats. No watch of ours hears of them.
extension RegistrationMachine {
    /// Keys that an earlier run left under the lease we go on with. Those outside of the prefix stood
    /// beside its keys: whoever wants one has it, and the rest goes with the next claim.
    mutating func adoptSideKeys(_ keys: [String]) {
        let keys = keys.filter { !$0.utf8.starts(with: settings.prefix.text.utf8) }
        let present = order.filter { registrations[$0]?.isWanted == true }
        for key in keys.sorted() {
            let owner = present.first {
                registrations[$0]?.companions.contains { $0.key == key } ?? false
            }
            if let owner = owner ?? present.first { registrations[owner]?.standing.insert(key) }
        }
    }

    /// The keys of the companion records that some instance wants.
    var wantedCompanions: Set<String> {
        Set(registrations.values.filter(\.isWanted).flatMap { $0.companions.map(\.key) })
    }

    /// Claims once more what is due: that changes nothing where all is as it was put. What comes of it is
    /// of no interest, but that it is over: the next call for the key waits for that.
    mutating func reviewCompanions(at now: Duration) -> [Action] {
        var actions: [Action] = []
        for key in order {
            guard let due = registrations[key]?.reviewDue, due <= now,
                case .registered(let lease, let desired, _, _) = registrations[key]?.state
            else { continue }
            let next = nextReview(after: now)
            registrations[key]?.reviewAt = next
            registrations[key]?.reviewing = lease
            actions.append(.claim(claim(desired, under: lease)))
        }
        return actions
    }

    /// A review is over, whatever came of it: what it found is heard of by the watch of the key, or found
    /// by the next.
    ///
    /// - Returns: Whether it was one.
    mutating func reviewEnded(_ key: ServiceKey, under lease: LeaseID) -> Bool {
        guard registrations[key]?.reviewing == lease else { return false }
        registrations[key]?.reviewing = nil
        return true
    }

    /// Reports which companion records of a key somebody else has, when that has changed.
    mutating func companionsHeld(_ key: ServiceKey, _ outcome: ClaimOutcome) -> [Action] {
        guard case .claimed(_, let held) = outcome, registrations[key]?.companionsHeld != held
        else {
            return []
        }
        registrations[key]?.companionsHeld = held
        return held.isEmpty ? [] : [.report(.companionsHeld(key, held))]
    }

    /// Spread, so that a fleet that was started at one instant does not ask at one.
    mutating func nextReview(after now: Duration) -> Duration {
        now + settings.reviewEvery * Double.random(in: 0.5...1.5, using: &generator)
    }
}

extension DesiredRecord {
    /// The keys of the companion records that stand when it is put.
    var standing: Set<String> { Set(companions.filter { $0.value != nil }.map(\.key)) }
}
