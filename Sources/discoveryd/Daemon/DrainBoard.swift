import EndpointFiles
import FoundationEssentials
import Logging
import Registry
import ServiceLifecycle
import Synchronization

/// Which services get no new traffic: runs a ``DrainMachine``, tells the registration, and leaves it for
/// the next run.
final class DrainBoard: Service {
    private struct Kept: Sendable {
        /// The last change that was dealt with.
        var change = 0
        var trouble: FileError?
    }

    private let session: RegistrationSession
    private let directory: StateDirectory?
    private let signal: ChangeSignal
    private let log: Logger
    private let driver: MachineDriver<DrainMachine>
    private let kept = Mutex(Kept())

    /// Reads what an earlier run left and tells the registration, which so never puts a drained service
    /// as one in service.
    init(
        session: RegistrationSession,
        directory: StateDirectory?,
        timeline: Timeline,
        signal: ChangeSignal,
        log: Logger
    ) {
        self.session = session
        self.directory = directory
        self.signal = signal
        self.log = log
        driver = MachineDriver(DrainMachine(), timeline: timeline)
        let found = directory?.drains ?? []
        driver.happened { machine, now in machine.drainsFound(found, wall: Date(), at: now) }
        session.setDrains(driver.read { $0.current })
        for target in driver.read({ $0.drains.keys.sorted { $0.name < $1.name } }) {
            log.notice("still draining: \(target.name)")
        }
    }

    // MARK: asked for

    /// Drains a service, or the whole host: for so long, or until told.
    ///
    /// - Returns: The number of the change, for ``isInForce(_:)``.
    func drain(_ target: DrainMachine.Target, for span: Duration?) -> Int {
        log.notice("draining \(target.name)", metadata: span.map { ["for": "\($0)"] } ?? [:])
        driver.happened { machine, now in
            machine.drainRequested(target, for: span, wall: Date(), at: now)
        }
        return driver.read { $0.changes }
    }

    /// Ends a drain, or with the host's all of them.
    func undrain(_ target: DrainMachine.Target) -> Int {
        log.notice("draining no more: \(target.name)")
        driver.happened { machine, _ in machine.undrainRequested(target) }
        return driver.read { $0.changes }
    }

    // MARK: looked at

    /// What drains.
    var drains: [DrainMachine.Target: DrainMachine.Drain] { driver.read { $0.drains } }

    /// Whether the registration has been told, and the store has each instance as it is wanted.
    func isInForce(_ change: Int) -> Bool {
        kept.withLock { $0.change >= change } && session.isAsWanted
    }

    /// Why the next run will not know of it, if it will not.
    var keepTrouble: String? {
        guard directory != nil else {
            return "there is no state directory, so a restart of the daemon ends this"
        }
        return kept.withLock { $0.trouble }.map {
            "this is not kept for the next run: \($0)"
        }
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
        case .reportEnd(let target): log.notice("draining no more, time is up: \(target.name)")
        case .keep(let drains, let change):
            keep(drains, change)
            signal.raise()
        }
    }

    private func keep(_ drains: [KeptDrain], _ change: Int) {
        var trouble: FileError?
        do throws(FileError) {
            try directory?.keep(drains)
        } catch {
            log.warning("the drains are not kept for the next run: \(error)")
            trouble = error
        }
        kept.withLock { [trouble] in $0 = Kept(change: change, trouble: trouble) }
    }
}
