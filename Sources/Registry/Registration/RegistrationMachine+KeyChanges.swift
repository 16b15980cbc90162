import Machines
import Texts

/// Our own keys as the one watch of the prefix hears of them: a keep-alive that is answered is no proof
/// that they exist.
extension RegistrationMachine {
    /// Whether news may be of keys of ours. Those of a whole fleet come by, and next to none of them are.
    public func isConcerned(by news: KeyNews) -> Bool {
        guard case .events(let events) = news else { return true }
        return events.contains { ours($0.key, $0.lease) != nil }
    }

    /// The watch of the prefix heard something; among it there may be keys of ours.
    public mutating func keysHeard(_ news: KeyNews, at now: Duration) -> [Action] {
        switch lease {
        // What becomes of our keys while and after we leave is our own doing.
        case .leavingAfterGrant, .leaving, .left: return []
        default: break
        }
        var actions: [Action] = []
        switch news {
        case .events(let events):
            for event in events {
                guard let key = ours(event.key, event.lease) else { continue }
                switch event {
                case .put(let record):
                    adoptStray(record, key, at: now)
                    actions += newsHeard(.put(record), of: key, at: now)
                case .deleted(_, let revision):
                    actions += newsHeard(.deleted(at: revision), of: key, at: now)
                }
            }
        case .page(let records, let isFirst):
            if isFirst {
                let keys = order.map { StoreKey($0, under: settings.prefix) }
                listed = Listed(looksFor: Set(order), keys: Set(keys))
            }
            // A page is long, and few of its keys are ours: the others are not taken apart.
            for record in records
            where listed.keys.contains(record.key)
                || (record.lease != .none && record.lease == ownLease)
            {
                if let key = ours(record.key, record.lease) { listed.found[key] = record }
            }
        case .listed(let revision, let isRestored):
            actions += listHeard(at: revision, isRestored: isRestored, at: now)
        }
        return actions + advance(at: now)
    }

    /// A key that is one of ours, or stands under our lease. All others are none of our business.
    private func ours(_ text: StoreKey, _ lease: LeaseID) -> ServiceKey? {
        guard let key = settings.prefix.parse(text) else { return nil }
        let isUnderOurLease = lease != .none && lease == ownLease
        return isUnderOurLease || registrations[key] != nil ? key : nil
    }

    private mutating func listHeard(
        at revision: Revision,
        isRestored: Bool,
        at now: Duration
    ) -> [Action] {
        let listed = listed
        self.listed = Listed()
        for (key, record) in listed.found.sorted(by: { $0.key < $1.key }) {
            adoptStray(record, key, at: now)
        }
        var actions: [Action] = []
        // What was registered after the first page came may be on none of them for that alone.
        for key in order where listed.looksFor.contains(key) {
            if isRestored,
                case .registered(let lease, let desired, _, let since) = registrations[key]?.state
            {
                // Revisions from before a restore are no measure.
                registrations[key]?.state = .registered(lease, desired, at: .zero, since: since)
            }
            if isRestored { registrations[key]?.older?.revision = .zero }
            let news = listed.found[key].map(Registration.News.put) ?? .deleted(at: revision)
            actions += newsHeard(news, of: key, at: now)
        }
        return actions
    }

    /// A key under our own lease that nobody wants (any more): a put that was given up for lost came
    /// through after all, or an earlier run registered it. Our keep-alives would keep it for ever, so
    /// it is taken out.
    private mutating func adoptStray(_ record: StoredRecord, _ key: ServiceKey, at now: Duration) {
        guard record.lease == ownLease, record.lease != .none else { return }
        if case .withdrawn = registrations[key]?.state {
            registrations[key]?.state = .failed(Self.stray, until: now)
        } else if registrations[key] == nil,
            // Somebody else's words under our lease: not ours to understand, and theirs to mend.
            let instance = (try? RecordCodec.decode(record.value, key: key))?.instance
        {
            var registration = Registration(instance, settings: settings, generator: &generator)
            registration.isWanted = false
            registration.state = .failed(Self.stray, until: now)
            registrations[key] = registration
            registrationsChanged()
        }
    }

    private static let stray = StoreError(.other, "a put that was given up came through")

    /// One of our keys was written or deleted, by us or by somebody else.
    mutating func newsHeard(
        _ news: Registration.News,
        of key: ServiceKey,
        at now: Duration
    ) -> [Action] {
        switch registrations[key]?.state {
        case .registered(let lease, let desired, let revision, let since):
            guard news.revision > revision else { return [] }
            if case .put(let record) = news, record.lease == lease,
                record.value == value(of: desired)
            {
                registrations[key]?.state = .registered(
                    lease,
                    desired,
                    at: record.modRevision,
                    since: since
                )
                return []
            }
            if case .put(let record) = news,
                let twin = twin(in: record, under: lease, of: desired.instance)
            {
                return leaseShared(with: twin, at: now)
            }
            let loss: KeyLoss = if case .put = news { .overwritten } else { .deleted }
            return lost(key, loss, since: since, at: now)
        case .claiming, .withdrawing:
            registrations[key]?.heard = news
            forgetOlder(key, after: news)
        case .failed: forgetOlder(key, after: news)
        case .refused:
            // Free again, as far as anybody knows.
            if case .deleted = news { registrations[key]?.state = .unclaimed }
        default: break
        }
        return []
    }

    /// The record that an update was to replace is gone, or is somebody else's by now.
    private mutating func forgetOlder(_ key: ServiceKey, after news: Registration.News) {
        guard let older = registrations[key]?.older, news.revision > older.revision else { return }
        if case .put(let record) = news, record.lease == older.lease { return }
        registrations[key]?.older = nil
    }

    /// The address of whoever wrote our key as our host, under our lease, and is somewhere else: a machine
    /// that was copied with the daemon's state.
    private func twin(
        in record: StoredRecord,
        under lease: LeaseID,
        of instance: ServiceInstance
    ) -> String? {
        guard record.lease == lease,
            let theirs = try? RecordCodec.decode(record.value, key: instance.key),
            theirs.owner == settings.owner, theirs.state != .leaving,
            theirs.instance.address != instance.address
        else { return nil }
        return theirs.instance.address.joined(port: theirs.instance.port)
    }

    /// Puts the key again: soon, or ever more slowly when something keeps taking it away. Without
    /// the delay two writers of one key would drive each other as fast as the network goes.
    private mutating func lost(
        _ key: ServiceKey,
        _ loss: KeyLoss,
        since: Duration,
        at now: Duration
    ) -> [Action] {
        guard var registration = registrations[key] else { return [] }
        if now - since >= Registration.settledAge { registration.lossBackoff.reset() }
        let wasContested = registration.isContested
        registration.state = .lost(until: now + registration.lossBackoff.next())
        registrations[key] = registration
        if wasContested { return [.report(.lostAgain(key))] }
        return [.report(registration.isContested ? .contested(key) : .lost(key, loss))]
    }
}

extension Registration.News {
    var revision: Revision {
        switch self {
        case .put(let record): record.modRevision
        case .deleted(let revision): revision
        }
    }
}
