/// What stands beside our keys, for readers of other formats. No watch of ours hears of it.
extension RegistrationMachine {
    /// Keys that an earlier life left under the lease we go on with. Those outside of the prefix stood
    /// beside its keys: whoever wants one has it, and the rest goes with the next claim.
    mutating func adoptSideKeys(_ keys: [String]) {
        let keys = keys.filter { !$0.utf8.starts(with: settings.prefix.text.utf8) }
        let present = registrations.keys.sorted().filter { registrations[$0]?.isWanted == true }
        for key in keys.sorted() {
            let owner = present.first {
                registrations[$0]?.beside.contains { $0.key == key } ?? false
            }
            if let owner = owner ?? present.first { registrations[owner]?.standing.insert(key) }
        }
    }

    /// The keys that are wanted beside some instance.
    var wantedBeside: Set<String> {
        Set(registrations.values.filter(\.isWanted).flatMap { $0.beside.map(\.key) })
    }

    /// Claims once more what is due: that changes nothing where all is as it was put. What comes of it is
    /// of no interest, but that it is over: the next call for the key waits for that.
    mutating func reviewBeside(at now: Duration) -> [Action] {
        var actions: [Action] = []
        for key in registrations.keys.sorted() {
            guard let due = registrations[key]?.reviewDue, due <= now,
                case .registered(let lease, let offer, _, _) = registrations[key]?.state
            else { continue }
            let next = nextReview(after: now)
            registrations[key]?.reviewAt = next
            registrations[key]?.reviewing = lease
            actions.append(.claim(claim(offer, under: lease)))
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

    /// Says which records beside a key somebody else has, when that has changed.
    mutating func besideHeld(_ key: ServiceKey, _ outcome: ClaimOutcome) -> [Action] {
        guard case .claimed(_, let held) = outcome, registrations[key]?.besideHeld != held else {
            return []
        }
        registrations[key]?.besideHeld = held
        return held.isEmpty ? [] : [.report(.besideHeld(key, held))]
    }

    /// Spread, so that a fleet that was started at one instant does not ask at one.
    mutating func nextReview(after now: Duration) -> Duration {
        now + settings.reviewEvery * Double.random(in: 0.5...1.5, using: &generator)
    }
}

extension Offer {
    /// The keys that stand beside when the offer is taken.
    var standing: Set<String> { Set(beside.filter { $0.value != nil }.map(\.key)) }
}
