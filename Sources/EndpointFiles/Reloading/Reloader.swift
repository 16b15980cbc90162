package import Files
package import Machines
import Registry
import Synchronization

/// Has the readers of files take up what is new: runs a ``ReloadMachine``.
///
/// Actions overlap with one another and hold up nobody; those under way are ended with the task. What is
/// owed then is noted beside the files, and done by the next run.
public final class Reloader: Sendable {
    /// Does an action, within its limit. Ends on cancellation.
    ///
    /// - Throws: ``ReloadFault``.
    public typealias Performer =
        @Sendable (ReloadAction) async throws(ReloadFault) -> ReloadEnding

    private let driver: MachineDriver<ReloadMachine>
    private let perform: Performer
    private let observe: @Sendable (ReloadReport) -> Void
    private let threads: BlockingThreads
    /// The files that are being asked for a mark of an earlier run.
    private let asking = Mutex<Set<String>>([])

    /// A reloader that does nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - place: This host's place in a fleet; see ``ReloadAction/splay``. 0 to 1.
    ///   - threads: Has a thread for each file's directory.
    ///   - perform: Does an action.
    ///   - observe: Told what there is to log and to count, in order; must not wait.
    package init(
        place: Double,
        generator: SeededGenerator,
        timeline: Timeline,
        threads: BlockingThreads = BlockingThreads(),
        perform: @escaping Performer,
        observe: @escaping @Sendable (ReloadReport) -> Void = { _ in }
    ) {
        self.threads = threads
        self.perform = perform
        self.observe = observe
        driver = MachineDriver(
            ReloadMachine(place: place, generator: generator),
            timeline: timeline
        )
    }

    /// Names what is done after which file. What an earlier run still owed is due at once.
    ///
    /// - Parameter others: The files of which somebody else decides whether they need it, and says when nothing is owed
    ///   for them any more.
    public func setActions(_ actions: [String: ReloadAction], except others: Set<String> = []) {
        driver.happened { machine, _ in machine.actionsChanged(to: actions, except: others) }
        for path in actions.keys
        where !others.contains(path) && asking.withLock({ $0.insert(path).inserted }) {
            let isAsked = threads.file(path).add { [self] in
                let isOwed = ReloadMark(of: path).isSet
                _ = asking.withLock { $0.remove(path) }
                if isOwed { fileReplaced(path) }
            }
            if !isAsked { _ = asking.withLock { $0.remove(path) } }
        }
    }

    /// A file was replaced.
    public func fileReplaced(_ path: String) {
        driver.happened { machine, now in machine.fileReplaced(path, at: now) }
    }

    /// The reader has a file by other means: no reload is due for it any more, unless one has begun.
    public func fileTakenUp(_ path: String) {
        driver.happened { machine, _ in machine.fileTakenUp(path) }
    }

    /// The failures of the actions whose last run failed.
    public var faults: [ReloadAction: ReloadFault] { driver.read { $0.faults } }

    /// Proof of progress; see ``MachineDriver/laps``.
    public var laps: UInt64 { driver.laps }

    /// Sends the loop round once.
    public func poke() { driver.poke() }

    /// Reloads until the task is cancelled.
    ///
    /// - Parameter loaded: Told of each file whose reader has loaded it; must not wait.
    public func run(loaded: @escaping @Sendable (_ path: String) -> Void = { _ in }) async {
        await driver.run { [self] action in
            switch action {
            case .report(let report):
                observe(report)
                return nil
            case .settle(let path):
                let (thread, now) = (threads.file(path), ReloadMark.now)
                return {
                    // A write that is before it on the thread may set the mark for a newer file.
                    _ = await thread.run { ReloadMark(of: path).clear(unlessSetSince: now) }
                }
            case .loaded(let path):
                loaded(path)
                return nil
            case .perform(let action, let number): return { [self] in await run(action, number) }
            }
        }
    }

    private func run(_ action: ReloadAction, _ number: Int) async {
        do throws(ReloadFault) {
            let ending = try await perform(action)
            driver.happened { machine, now in
                switch ending {
                case .done: machine.runEnded(action, number: number, at: now)
                case .putOff: machine.runPutOff(action, number: number, at: now)
                }
            }
        } catch {
            driver.happened { machine, now in
                machine.runFailed(action, number: number, error, at: now)
            }
        }
    }
}

/// A report of the reloader, for the log and the metrics.
public enum ReloadReport: Hashable, Sendable {
    /// The action was done, for these files.
    case done(ReloadAction, paths: [String])
    /// It failed, and is retried after the delay. Reported once for each cause.
    case failed(ReloadAction, ReloadFault, retryIn: Duration)
}
