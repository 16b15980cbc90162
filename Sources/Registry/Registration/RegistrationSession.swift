public import Machines
import Synchronization
import Texts

/// Keeps this host's instances in the store: runs a ``RegistrationMachine`` on a
/// ``RegistryStore``.
public final class RegistrationSession: Sendable {
    private struct KeepAliveStream: Sendable {
        let end = StopSwitch()
        let beats: AsyncStream<Void>
        let beat: AsyncStream<Void>.Continuation

        init() {
            // The machine sends the next only after the answer to the last.
            (beats, beat) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        }
    }

    private let store: any RegistryStore
    private let leaveLimit: Duration
    private let save: @Sendable (SavedLease?) -> Void
    private let observe: @Sendable (RegistrationReport) -> Void
    private let driver: MachineDriver<RegistrationMachine>
    private let timeline: Timeline
    private let streams = Mutex<[Int: KeepAliveStream]>([:])

    /// A session that does nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - saved: The lease of an earlier run, to go on with.
    ///   - leaveLimit: How long ``leave()`` may take in the store. Default 2 s.
    ///   - save: Saves the lease for the next life, or forgets it; called in order, and before the report of the same.
    ///     Must not wait.
    ///   - observe: Told what there is to log and to count, in order; must not wait.
    public init(
        store: any RegistryStore,
        settings: RegistrationMachine.Settings,
        continuing saved: SavedLease? = nil,
        generator: SeededGenerator,
        timeline: Timeline,
        leaveLimit: Duration = .seconds(2),
        save: @escaping @Sendable (SavedLease?) -> Void = { _ in },
        observe: @escaping @Sendable (RegistrationReport) -> Void = { _ in }
    ) {
        self.store = store
        self.leaveLimit = leaveLimit
        self.save = save
        self.observe = observe
        self.timeline = timeline
        driver = MachineDriver(
            RegistrationMachine(settings, continuing: saved, generator: generator),
            timeline: timeline
        )
    }

    // MARK: asked for

    /// Names the instances that are to be in the store. Those that are there already and unchanged
    /// are not touched.
    ///
    /// - Parameter companions: The companion records of some of them, for readers of other formats.
    public func register(
        _ instances: [ServiceInstance],
        companions: [ServiceKey: [CompanionRecord]] = [:]
    ) {
        driver.happened { machine, now in
            machine.servicesChanged(to: instances, companions: companions, at: now)
        }
    }

    /// Has these services registered as draining and all others as in service. Keys whose value
    /// changes by that are put again, once each, under the same lease.
    public func setDrains(_ drains: Drains) {
        driver.happened { machine, now in machine.drainsChanged(to: drains, at: now) }
    }

    /// Gives everything back: marks the keys as leaving, revokes the lease; then ``run()`` returns.
    /// Takes at most the leave limit, whether the store answers or not.
    public func leave() {
        driver.happened { machine, now in machine.leaveRequested(at: now) }
    }

    /// Ends ``run()`` at once and leaves the lease and the keys as they are, for the next run to go on
    /// with.
    public func pause() {
        driver.happened { machine, _ in machine.pauseRequested() }
    }

    /// Tells what the watch of the prefix heard: our own keys are among it.
    public func keysHeard(_ news: KeyNews) {
        guard driver.read({ $0.isConcerned(by: news) }) else { return }
        driver.happened { machine, now in machine.keysHeard(news, at: now) }
    }

    /// The store answers again after an absence: no need to wait longer.
    public func storeReconnected() {
        driver.happened { machine, now in machine.storeReconnected(at: now) }
    }

    // MARK: looked at

    /// How each instance stands.
    public var statuses: [ServiceKey: RegistrationStatus] { driver.read { $0.statuses } }

    /// The wanted instances that are in the store as far as is known, see ``RegistrationMachine/standing``.
    public var standing: Set<ServiceKey> { driver.read { $0.standing } }

    /// Whether the store has each instance as it is wanted, or another host has its key. True without
    /// instances.
    public var isAsWanted: Bool { driver.read { $0.isAsWanted } }

    /// What is registered as draining, or is to be.
    public var drains: Drains { driver.read { $0.drains } }

    /// The lease, when there is one.
    public var leaseID: LeaseID? { driver.read { $0.leaseID } }

    /// How long the lease lives for certain from now on, when there is one; zero when that is over and
    /// the store does not answer.
    public var leaseRemaining: Duration? {
        driver.read { $0.leaseEnd }.map { max(.zero, $0 - timeline.now) }
    }

    /// Proof of progress; see ``MachineDriver/laps``.
    public var laps: UInt64 { driver.laps }

    /// Sends the loop round once.
    public func poke() { driver.poke() }

    // MARK: running

    /// Registers, and registers again, until ``leave()`` has ended or the task is cancelled. After a
    /// cancellation the keys stay until their lease ends by itself.
    public func run() async {
        driver.happened { machine, now in machine.started(at: now) }
        await driver.run { [self] action in begin(action) }
    }

    private func begin(
        _ action: RegistrationMachine.Action
    ) -> MachineDriver<RegistrationMachine>.Work? {
        switch action {
        case .ask(let id): return { [self] in await ask(id) }
        case .grant(let id, let ttl): return { [self] in await grant(id, ttl: ttl) }
        case .openKeepAlive(let lease, let id):
            let stream = KeepAliveStream()
            stream.beat.yield()
            streams.withLock { $0[id] = stream }
            return { [self] in await keepAlive(lease, id, stream) }
        case .sendKeepAlive(let id): streams.withLock { $0[id] }?.beat.yield()
        case .closeKeepAlive(let id): streams.withLock { $0[id] }?.end.stop()
        case .suspectConnection: return { [store] in await store.suspectConnection() }
        case .claim(let claim): return { [self] in await make(claim) }
        case .withdraw(let claim): return { [self] in await withdraw(claim) }
        case .revoke(let lease):
            // Best effort: what is not revoked ends by itself.
            return { [store] in try? await store.revokeLease(lease) }
        case .leave(let lease, let markers): return { [self] in await leave(lease, markers) }
        case .save(let lease): save(lease)
        case .report(let report): observe(report)
        case .finish: driver.finish()
        }
        return nil
    }

    private func ask(_ id: LeaseID) async {
        let sent = timeline.now
        do throws(StoreError) {
            let term = try await store.term(of: id)
            driver.happened { machine, now in
                machine.leaseAnswered(id, term, sent: sent, at: now)
            }
        } catch {
            driver.happened { machine, now in machine.leaseAskFailed(id, because: error, at: now) }
        }
    }

    private func grant(_ id: LeaseID, ttl: Duration) async {
        do throws(StoreError) {
            try await store.waitForTurn()
            // The time to live counts from when the request leaves, and a turn can take longer than it.
            let sent = timeline.now
            let term = try await store.grantLease(id, ttl: ttl)
            driver.happened { machine, now in
                machine.leaseGranted(id, term, sent: sent, at: now)
            }
        } catch {
            driver.happened { machine, now in machine.grantFailed(id, because: error, at: now) }
        }
    }

    private func keepAlive(_ lease: LeaseID, _ id: Int, _ stream: KeepAliveStream) async {
        await stream.end.run { [self] in
            var ending: StoreError?
            do throws(StoreError) {
                try await store.keepAlive(lease, beats: stream.beats) { [self] ttl in
                    driver.happened { machine, now in
                        machine.keepAliveAnswered(ttl: ttl, on: id, at: now)
                    }
                }
            } catch {
                ending = error
            }
            driver.happened { [ending] machine, now in
                machine.keepAliveEnded(id, because: ending, at: now)
            }
        }
        _ = streams.withLock { $0.removeValue(forKey: id) }
    }

    private func make(_ claim: Claim) async {
        do throws(StoreError) {
            let outcome = try await store.claim(claim)
            driver.happened { machine, now in
                machine.claimAnswered(claim.instance, lease: claim.lease, outcome, at: now)
            }
        } catch {
            driver.happened { machine, now in
                machine.claimFailed(
                    claim.instance,
                    lease: claim.lease,
                    because: error,
                    at: now
                )
            }
        }
    }

    private func withdraw(_ claim: Claim) async {
        do throws(StoreError) {
            try await store.rewrite(claim)
            try await store.withdraw(claim)
            driver.happened { machine, now in
                machine.withdrawn(claim.instance, lease: claim.lease, at: now)
            }
        } catch {
            driver.happened { machine, now in
                machine.claimFailed(
                    claim.instance,
                    lease: claim.lease,
                    because: error,
                    at: now
                )
            }
        }
    }

    /// Marks the keys, a few at a time, then revokes the lease; what is not done in time is left to
    /// the lease's own end. A mark that fails only costs readers the reason of the deletion.
    private func leave(_ lease: LeaseID?, _ markers: [Claim]) async {
        var ending: StoreError?
        do {
            let done: Void? = try await within(leaveLimit, on: timeline) { [store] in
                var waiting = markers[...]
                await withTaskGroup { group in
                    for _ in 0..<16 {
                        guard let claim = waiting.popFirst() else { break }
                        group.addTask { try? await store.rewrite(claim) }
                    }
                    while await group.next() != nil {
                        guard let claim = waiting.popFirst() else { continue }
                        group.addTask { try? await store.rewrite(claim) }
                    }
                }
                if let lease { try await store.revokeLease(lease) }
            }
            if done == nil {
                ending = StoreError(.unavailable, "no answer within \(leaveLimit.text)")
            }
        } catch {
            ending = error as? StoreError ?? StoreError(.cancelled, "the leave was cancelled")
        }
        driver.happened { [ending] machine, _ in machine.leaveEnded(ending) }
    }
}
