import Machines
import TestKit

@testable import Registry

/// Hosts round a store, in simulated time, with everything going wrong that a seed says.
///
/// No task, no clock, no lock: a queue of events ordered by time. The same seed gives the same run.
struct Simulation {
    typealias Event = (inout Simulation) -> Void

    /// How bad the weather is.
    struct Weather {
        /// The share of requests that get lost on the way to the store, or whose answer does.
        var loss: Double
        /// The longest way of one message.
        var delay: Duration
        /// How long a caller waits before it gives a request up.
        var timeout = Duration.seconds(5)
    }

    var now = Duration.zero
    var random: SeededGenerator
    var weather: Weather
    var store = StoreModel()
    var isStoreAway = false
    var hosts: [SimulatedHost] = []
    /// What every list that was ever true looked like, by revision; several after a wipe.
    private(set) var truths: [Revision: [EndpointTable]] = [:]
    private(set) var requests = 0
    /// The first promise that was broken.
    var failure: String?
    private var queue = EventQueue()
    private var deaf: Set<Int> = []
    /// The last news that was told.
    private var lately: WatchNews?
    private let prefix = RegistryPrefix.standard

    init(seed: UInt64, hosts count: Int) {
        random = SeededGenerator(seed: seed)
        weather = Weather(
            loss: Double.random(in: 0...0.2, using: &random),
            delay: .milliseconds(Int.random(in: 1...300, using: &random))
        )
        rememberTruth()
        for index in 0..<count {
            hosts.append(SimulatedHost(index: index, seed: random.next()))
            start(index)
        }
    }

    // MARK: time

    mutating func after(_ delay: Duration, _ event: @escaping Event) {
        queue.push(at: now + delay, event)
    }

    /// Lets time pass until `end`, or until a promise is broken.
    mutating func run(until end: Duration) {
        while failure == nil, let (time, event) = queue.pop(before: end) {
            now = time
            store.expire(at: now)
            tellWatchers()
            event(&self)
            tellWatchers()
        }
        now = end
    }

    // MARK: hosts

    /// An event for one life of a host; lost when that life is over, late while it is paused.
    ///
    /// - Parameter life: The present one unless given.
    mutating func onHost(
        _ index: Int,
        life: Int? = nil,
        after delay: Duration = .zero,
        _ event: @escaping SimulatedHost.Event
    ) {
        let life = life ?? hosts[index].life
        after(delay) { world in
            guard world.hosts[index].life == life else { return }
            guard world.hosts[index].pausedUntil <= world.now else {
                world.hosts[index].deferred.append(event)
                if world.hosts[index].deferred.count == 1 { world.wake(index) }
                return
            }
            let actions = event(&world.hosts[index], world.now)
            world.perform(actions, for: index)
        }
    }

    /// Lets a paused host go on when its pause is over: with all that came meanwhile, in order.
    private mutating func wake(_ index: Int) {
        let life = hosts[index].life
        after(hosts[index].pausedUntil - now) { world in
            guard world.hosts[index].life == life else { return }
            guard world.hosts[index].pausedUntil <= world.now else {
                world.wake(index)
                return
            }
            let events = world.hosts[index].deferred
            world.hosts[index].deferred = []
            for event in events {
                let actions = event(&world.hosts[index], world.now)
                world.perform(actions, for: index)
            }
        }
    }

    mutating func start(_ index: Int) {
        hosts[index].begin(seed: random.next())
        onHost(index) { host, now in host.started(at: now) }
    }

    mutating func crash(_ index: Int) {
        hosts[index].end()
        after(.milliseconds(Int.random(in: 100...20_000, using: &random))) { $0.start(index) }
    }

    /// Tells a host to end as systemd does, and starts it again a while after it has ended.
    mutating func stop(_ index: Int, leaving: Bool, back: Duration) {
        guard hosts[index].isAlive else { return }
        hosts[index].restart = back
        onHost(index) { host, now in
            host.registration { leaving ? $0.leaveRequested(at: now) : $0.pauseRequested() }
        }
    }

    private mutating func ended(_ index: Int) {
        hosts[index].end()
        after(hosts[index].restart ?? .seconds(1)) { $0.start(index) }
        hosts[index].restart = nil
    }

    /// The store begins another life. News of the old one cannot come over connections of the new.
    mutating func wipeStore() {
        store.wipe()
        lately = nil
    }

    /// What the store's next change is, this host's watch does not hear of.
    mutating func missNextChange(_ index: Int) {
        if hosts[index].watchStream != nil { deaf.insert(index) }
    }

    /// From now on nothing goes wrong any more.
    mutating func calmDown() {
        isStoreAway = false
        weather.loss = 0
        deaf = []
    }

    /// Some of the history comes once more, as old servers sent it.
    mutating func tellAgain(_ index: Int) {
        guard let stream = hosts[index].watchStream, let lately else { return }
        deliver(lately, on: stream, to: index, after: wayDelay(&random))
    }

    private mutating func perform(_ actions: [SimulatedHost.Action], for index: Int) {
        for action in actions {
            switch action {
            case .registration(let action): performRegistration(action, index)
            case .watch(let action): performWatch(action, index)
            }
        }
        // It may just have ended; what it meant to do later is not done then.
        if hosts[index].isAlive { setAlarm(index) }
    }

    private mutating func setAlarm(_ index: Int) {
        guard let deadline = hosts[index].deadline else { return }
        if let alarm = hosts[index].alarm, alarm <= deadline, alarm > now { return }
        hosts[index].alarm = max(deadline, now)
        onHost(index, after: max(deadline - now, .zero)) { host, now in
            host.alarm = nil
            return host.timePassed(to: now)
        }
    }

    // MARK: the network

    private func wayDelay(_ random: inout SeededGenerator) -> Duration {
        weather.delay * Double.random(in: 0...1, using: &random)
    }

    /// Asks the store something; exactly one of the two ends comes, if the host lives on.
    private mutating func ask<Answer>(
        _ index: Int,
        _ serve: @escaping (inout StoreModel, Duration) -> Answer,
        answered: @escaping (inout SimulatedHost, Answer, Duration) -> [SimulatedHost.Action],
        failed: @escaping (inout SimulatedHost, StoreError, Duration) -> [SimulatedHost.Action]
    ) {
        requests += 1
        // Whoever asked may have ended before the store hears of it.
        let life = hosts[index].life
        let fail: (inout Simulation, Duration) -> Void = { world, delay in
            world.onHost(index, life: life, after: delay) { host, now in
                failed(&host, Self.away, now)
            }
        }
        let isLost = Double.random(in: 0..<1, using: &random) < weather.loss
        let isAnswerLost = Double.random(in: 0..<1, using: &random) < weather.loss
        let (there, back) = (wayDelay(&random), wayDelay(&random))
        if isLost {
            fail(&self, weather.timeout)
            return
        }
        after(there) { world in
            guard !world.isStoreAway else {
                fail(&world, back)
                return
            }
            let answer = serve(&world.store, world.now)
            if isAnswerLost {
                fail(&world, world.weather.timeout)
            } else {
                world.onHost(index, life: life, after: back) { host, now in
                    answered(&host, answer, now)
                }
            }
        }
    }

    private mutating func performRegistration(_ action: RegistrationMachine.Action, _ index: Int) {
        switch action {
        case .ask(let id):
            let sent = now
            ask(index) {
                $0.term(of: id, at: $1)
            } answered: { host, term, now in
                host.registration { $0.leaseAnswered(id, term, sent: sent, at: now) }
            } failed: { host, error, now in
                host.registration { $0.leaseAskFailed(id, because: error, at: now) }
            }
        case .grant(let id, let ttl):
            let sent = now
            ask(index) {
                $0.grant(id, ttl: ttl, at: $1)
            } answered: { host, term, now in
                host.registration { $0.leaseGranted(id, term, sent: sent, at: now) }
            } failed: { host, error, now in
                host.registration { $0.grantFailed(id, because: error, at: now) }
            }
        case .openKeepAlive(let lease, let stream):
            hosts[index].keepAlives[stream] = lease
            beat(stream, index)
        case .sendKeepAlive(let stream): beat(stream, index)
        case .closeKeepAlive(let stream):
            guard hosts[index].keepAlives.removeValue(forKey: stream) != nil else { return }
            onHost(index) { host, now in
                host.registration { $0.keepAliveEnded(stream, because: Self.cancelled, at: now) }
            }
        case .claim(let claim):
            ask(index) { store, _ in
                store.claim(claim)
            } answered: { host, outcome, now in
                host.registration {
                    $0.claimAnswered(claim.instance, lease: claim.lease, outcome, at: now)
                }
            } failed: { host, error, now in
                host.registration {
                    $0.claimFailed(claim.instance, lease: claim.lease, because: error, at: now)
                }
            }
        case .withdraw(let claim):
            ask(index) { store, _ in
                store.rewrite(claim)
                store.withdraw(claim)
            } answered: { host, _, now in
                host.registration { $0.withdrawn(claim.instance, lease: claim.lease, at: now) }
            } failed: { host, error, now in
                host.registration {
                    $0.claimFailed(claim.instance, lease: claim.lease, because: error, at: now)
                }
            }
        case .revoke(let lease):
            ask(index) { store, _ in
                store.revoke(lease)
            } answered: { _, _, _ in
                []
            } failed: { _, _, _ in
                []
            }
        case .leave(let lease, let markers):
            ask(index) { store, _ in
                for claim in markers { store.rewrite(claim) }
                if let lease { store.revoke(lease) }
            } answered: { host, _, _ in
                host.registration { $0.leaveEnded(nil) }
            } failed: { host, error, _ in
                host.registration { $0.leaveEnded(error) }
            }
        case .save(let lease): hosts[index].kept = lease
        case .finish: ended(index)
        case .suspectConnection, .report: break
        }
    }

    /// One keep-alive: answered, or silence. A stream is broken now and then.
    private mutating func beat(_ stream: Int, _ index: Int) {
        guard let lease = hosts[index].keepAlives[stream] else { return }
        ask(index) {
            $0.keepAlive(lease, at: $1)
        } answered: { host, ttl, now in
            guard host.keepAlives[stream] != nil else { return [] }
            return host.registration { $0.keepAliveAnswered(ttl: ttl, on: stream, at: now) }
        } failed: { host, error, now in
            guard host.keepAlives.removeValue(forKey: stream) != nil else { return [] }
            return host.registration { $0.keepAliveEnded(stream, because: error, at: now) }
        }
    }

    private mutating func performWatch(_ action: WatchMachine.Action, _ index: Int) {
        switch action {
        case .list:
            let prefix = prefix
            ask(index) { store, _ in
                store.snapshot(of: prefix)
            } answered: { host, snapshot, now in
                host.watch { $0.snapshotArrived(snapshot, at: now) }
            } failed: { host, error, now in
                host.watch { $0.snapshotFailed(error, at: now) }
            }
        case .count(let stream, let connection):
            let prefix = prefix
            ask(index) { store, _ in
                store.count(of: prefix, on: connection)
            } answered: { host, count, now in
                guard let count else { return [] }
                return host.watch { $0.countArrived(count, on: stream, at: now) }
            } failed: { _, _, _ in
                []
            }
        case .summarize(let since):
            let prefix = prefix
            ask(index) { store, _ in
                store.summary(of: prefix, since: since)
            } answered: { host, summary, now in
                host.watch { $0.summaryArrived(summary, at: now) }
            } failed: { host, _, now in
                host.watch { $0.summaryFailed(at: now) }
            }
        case .openWatch(let stream, let mark): openWatch(stream, after: mark, index)
        case .askProgress(let stream):
            let life = hosts[index].life
            after(wayDelay(&random)) { world in
                guard world.hosts[index].life == life, !world.isStoreAway else { return }
                let news = WatchNews(
                    clusterID: world.store.clusterID,
                    revision: world.store.revision,
                    events: [],
                    raftTerm: world.store.raftTerm
                )
                world.deliver(news, on: stream, to: index, after: world.wayDelay(&world.random))
            }
        case .closeWatch: hosts[index].closeWatch()
        case .publish(let isReadAnew): published(isReadAnew: isReadAnew, by: index)
        case .tell(let news):
            let actions = hosts[index].registration { $0.keysHeard(news, at: self.now) }
            perform(actions, for: index)
        case .report(.restored): hosts[index].published = nil
        case .report, .tellChanges, .suspectConnection: break
        }
    }

    /// Opens a watch: from when the store has served it, all changes follow its first answer.
    private mutating func openWatch(_ stream: Int, after mark: SnapshotMark, _ index: Int) {
        requests += 1
        let life = hosts[index].life
        let isLost = Double.random(in: 0..<1, using: &random) < weather.loss
        let (there, back) = (wayDelay(&random), wayDelay(&random))
        after(there) { world in
            guard world.hosts[index].life == life else { return }
            let missed: [[StoreEvent]]
            do throws(StoreError) {
                if isLost || world.isStoreAway { throw Self.away }
                missed = try world.store.changes(after: mark)
            } catch {
                world.onHost(index, after: back) { host, now in
                    host.watch { $0.watchEnded(stream, because: error, at: now) }
                }
                return
            }
            let news = WatchNews(
                clusterID: world.store.clusterID,
                revision: world.store.revision,
                events: missed.flatMap { $0 },
                raftTerm: world.store.raftTerm
            )
            world.hosts[index].watchStream = stream
            world.deliver(news, on: stream, to: index, after: back)
        }
    }

    private mutating func deliver(
        _ news: WatchNews,
        on stream: Int,
        to index: Int,
        after delay: Duration
    ) {
        let arrival = max(now + delay, hosts[index].lastDelivery)
        hosts[index].lastDelivery = arrival
        onHost(index, after: arrival - now) { host, now in
            guard host.watchStream == stream, !host.isWatchSilent else { return [] }
            return host.watch { $0.newsArrived(news, on: stream, at: now) }
        }
    }

    /// Tells each open watch what changed, in order: each delivery after the one before.
    private mutating func tellWatchers() {
        let changes = store.takeEvents()
        guard !changes.isEmpty else { return }
        rememberTruth()
        let news = WatchNews(
            clusterID: store.clusterID,
            revision: store.revision,
            events: changes.flatMap { $0 },
            raftTerm: store.raftTerm
        )
        defer { lately = news }
        for index in hosts.indices {
            guard let stream = hosts[index].watchStream, !hosts[index].isWatchSilent else {
                continue
            }
            if deaf.remove(index) != nil {
                hosts[index].isMisled = true
                continue
            }
            deliver(news, on: stream, to: index, after: wayDelay(&random))
        }
    }

    /// Breaks the streams of a host, with or without a word.
    mutating func breakStreams(_ index: Int, silently: Bool) {
        if silently {
            hosts[index].isWatchSilent = true
            return
        }
        guard let stream = hosts[index].watchStream else { return }
        hosts[index].closeWatch()
        onHost(index) { host, now in
            host.watch { $0.watchEnded(stream, because: Self.away, at: now) }
        }
    }

    // MARK: promises

    private mutating func rememberTruth() {
        let table = EndpointTable.read(store.snapshot(of: prefix), prefix: prefix).table
        truths[store.revision, default: []].append(table)
    }

    /// P2 and P3 at each instant: the revision does not go back, and the list is one that was true.
    private mutating func published(isReadAnew: Bool, by index: Int) {
        guard let update = hosts[index].newest else { return }
        if let before = hosts[index].published, update.revision < before.revision {
            failure = "host \(index) went back from \(before.revision) to \(update.revision)"
        }
        // A list that was read whole is right again, whatever was missed.
        if isReadAnew { hosts[index].isMisled = false }
        if !hosts[index].isMisled, truths[update.revision]?.contains(update.table) != true {
            failure = "host \(index) published at \(update.revision) what was never true"
        }
        for (key, held) in update.held {
            if update.table[key] != nil { failure = "host \(index) holds \(key), which is there" }
            if now - held.since > SimulatedHost.hold + .milliseconds(1),
                hosts[index].pausedUntil <= now - .milliseconds(1)
            {
                failure = "host \(index) has held \(key) since \(held.since)"
            }
        }
        hosts[index].published = update
    }

    static let away = StoreError(.unavailable, "away")
    static let cancelled = StoreError(.cancelled, "cancelled")
}
