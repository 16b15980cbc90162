import EndpointFiles
import Files
import FoundationEssentials
import Logging
import Machines
import Registry
import ServiceLifecycle
import Synchronization

/// Drains services, so that they get no new traffic: runs a ``DrainMachine``, tells the registration, and leaves it for
/// the next run.
final class DrainController: Service {
    private struct Save: Sendable {
        var drains: [SavedDrain]
        var change: Int
    }

    /// The last changes that were dealt with, by their numbers.
    private final class Changes: Sendable {
        /// The registration has been told.
        let applied = Atomic(0)
        /// The next run knows, or cannot be told.
        let saved = Atomic(0)
    }

    private let session: RegistrationSession
    private let directory: StateDirectory?
    private let signal: ChangeSignal
    private let events: DaemonEvents
    private let driver: MachineDriver<DrainMachine>
    private let done: Changes
    private let failures: SaveFailures
    private let writer: CoalescingWriter<Save>?

    /// Tells the registration what an earlier run left, so that it never puts a drained service as one in
    /// service.
    init(
        session: RegistrationSession,
        directory: StateDirectory?,
        earlier: EarlierRun,
        threads: BlockingThreads,
        timeline: Timeline,
        signal: ChangeSignal,
        events: DaemonEvents,
        log: Logger
    ) {
        self.session = session
        self.directory = directory
        self.signal = signal
        self.events = events
        driver = MachineDriver(DrainMachine(), timeline: timeline)
        let done = Changes()
        self.done = done
        let failures = SaveFailures(.drainsNotSaved, log: log)
        self.failures = failures
        writer = directory.map { directory in
            CoalescingWriter<Save>(on: threads.directory(directory.path)) { save in
                failures.note { () throws(FileError) in try directory.save(save.drains) }
                done.saved.store(save.change, ordering: .releasing)
                signal.raise()
            }
        }
        driver.happened { machine, now in
            machine.drainsFound(earlier.drains, wall: Date(), at: now)
        }
        session.setDrains(driver.read { $0.current })
        for target in driver.read({ $0.drains.keys.sorted { $0.name < $1.name } }) {
            events.happened(.drain(.continued(target)))
        }
    }

    // MARK: asked for

    /// Drains a service, or the whole host: for so long, or until told.
    ///
    /// - Returns: The number of the change, for ``isInForce(_:)``.
    func drain(_ target: DrainMachine.Target, for span: Duration?) -> Int {
        driver.happened { machine, now in
            machine.drainRequested(target, for: span, wall: Date(), at: now)
        }
        events.happened(.drain(.began(target, for: span)))
        return driver.read { $0.changes }
    }

    /// Ends a drain, or with the host's all of them.
    func undrain(_ target: DrainMachine.Target) -> Int {
        driver.happened { machine, _ in machine.undrainRequested(target) }
        events.happened(.drain(.ended(target)))
        return driver.read { $0.changes }
    }

    // MARK: looked at

    /// What drains.
    var drains: [DrainMachine.Target: DrainMachine.Drain] { driver.read { $0.drains } }

    /// Whether the registration has been told, and the store has each instance as it is wanted.
    func isInForce(_ change: Int) -> Bool {
        done.applied.load(ordering: .acquiring) >= change && session.isAsWanted
    }

    /// Whether the next run will know of it, or it is known that it will not.
    func isSaved(_ change: Int) -> Bool {
        directory == nil || done.saved.load(ordering: .acquiring) >= change
    }

    /// Why the next run will not know of that change, if it will not.
    func saveFailure(_ change: Int) -> String? {
        guard let directory else {
            return
                "not saved, as there is no state directory: a restart of the daemon ends the drain"
        }
        guard isSaved(change) else {
            return
                "not saved for the next run yet: the disk of \(directory.path) does not respond"
        }
        return failures.last.map { "not saved for the next run: \($0)" }
    }

    // MARK: running

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await driver.run { [self] action in
                begin(action)
                return nil
            }
        }
    }

    private func begin(_ action: DrainMachine.Action) {
        switch action {
        case .apply(let drains): session.setDrains(drains)
        case .reportEnd(let target): events.happened(.drain(.expired(target)))
        case .save(let drains, let change):
            // The registration was told before: see the order of the machine's actions.
            done.applied.store(change, ordering: .releasing)
            writer?.put(Save(drains: drains, change: change))
            signal.raise()
        }
    }
}
