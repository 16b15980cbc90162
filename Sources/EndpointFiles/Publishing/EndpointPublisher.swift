package import Files
package import Machines
package import Programs
public import Registry
import Synchronization

/// Keeps files equal to the list: runs a ``PublisherMachine`` on the file system.
///
/// Writes on threads that may wait for a disk, one for each directory: a file system that hangs delays nothing
/// but its own files. Programs that check or make a file run beside the loop too. The files stay when the
/// publisher ends.
public final class EndpointPublisher: Sendable {
    /// The state of one file on the disk, as this run knows it.
    struct File {
        var renderer: ListRenderer
        var rejections: RejectionLedger
        var spills: SpillLedger
        /// The list that the file holds.
        var held: RenderedList?
        /// The file as we left it.
        var identity: AtomicFileWriter.Identity?
        var wasRead = false
        /// The servers that the file holds, where HAProxy is told of changes.
        var backends: HAProxyFile?
    }

    /// What is done on a file's thread, of each of which one at most waits for it.
    private struct Step: Hashable {
        enum Kind { case write, look, inspect }

        var path: String
        var kind: Kind
    }

    private typealias Work = MachineDriver<PublisherMachine>.Work

    /// Returns the newest list; `nil` when there is none yet.
    public typealias Source = @Sendable () -> TableUpdate?

    let writer: AtomicFileWriter
    let programs: ProgramRunner
    let driver: MachineDriver<PublisherMachine>
    let renderers: RendererPool
    let timeline: Timeline
    let processorTime: @Sendable () -> Duration
    /// Holds one: the newest list stands for all before it.
    private let source = Mutex<Source?>(nil)
    let observe: @Sendable (PublishReport) -> Void
    private let taken: @Sendable () -> Void
    let files = Mutex<[String: File]>([:])
    /// How often each file was forgotten: what is under way for one that was has no say any more.
    let forgotten = Mutex<[String: Int]>([:])
    let threads: BlockingThreads
    /// The newest of each step that waits for its thread; it stands for those before it.
    private let steps = Mutex<[Step: @Sendable () -> Void]>([:])
    let rejected = Mutex<[String: Int]>([:])
    /// The services that spill, of each file whose output prefers zones.
    let spilling = Mutex<[String: [ServiceName]]>([:])
    /// When each file last changed, as this run left or found it.
    let modified = Mutex<[String: Duration]>([:])
    private let replaced: @Sendable (_ path: String, _ isChecked: Bool) -> Void

    /// A publisher that does nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - renderers: Renders the lists; publishers that share one render each list once.
    ///   - processorTime: Returns the CPU time of the calling thread; see clock_gettime(2),
    ///     `CLOCK_THREAD_CPUTIME_ID`.
    ///   - threads: Has a thread for each file's directory.
    ///   - programs: Runs the programs that outputs name.
    ///   - taken: Told that a list was taken, also one that changes no file: ``hasWritten(upTo:)`` may say more
    ///     now; must not wait.
    ///   - replaced: Has the consumers of a file load it, which was replaced, after a program has accepted it or without;
    ///     called in order, and before the report of the same. Must not wait.
    ///   - observe: Told what there is to log and to count, in order; must not wait.
    package init(
        renderers: RendererPool,
        generator: SeededGenerator,
        timeline: Timeline,
        writer: AtomicFileWriter = AtomicFileWriter(),
        threads: BlockingThreads = BlockingThreads(),
        processorTime: @escaping @Sendable () -> Duration = { .usedByThread },
        programs: ProgramRunner = .none,
        taken: @escaping @Sendable () -> Void = {},
        replaced: @escaping @Sendable (_ path: String, _ isChecked: Bool) -> Void = { _, _ in },
        observe: @escaping @Sendable (PublishReport) -> Void = { _ in }
    ) {
        self.renderers = renderers
        self.processorTime = processorTime
        self.writer = writer
        self.threads = threads
        self.programs = programs
        self.taken = taken
        self.replaced = replaced
        self.observe = observe
        self.timeline = timeline
        driver = MachineDriver(PublisherMachine(generator: generator), timeline: timeline)
    }

    /// Names the files to keep. One that is no longer named stays as it is.
    public func setOutputs(_ outputs: [EndpointOutput]) {
        driver.happened { machine, now in machine.outputsChanged(to: outputs, at: now) }
    }

    /// Announces a newer list, which is taken from `source` as soon as a file could be written. Costs next to
    /// nothing while another one waits to be taken.
    public func publish(from source: @escaping Source) {
        let isFirst = self.source.withLock { waiting in
            defer { waiting = source }
            return waiting == nil
        }
        guard isFirst else { return }
        driver.happened { machine, now in machine.newListWaits(at: now) }
    }

    /// Publishes a list.
    public func publish(_ update: TableUpdate) { publish { update } }

    private func takeList() {
        let source = source.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        guard let update = source?() else { return }
        driver.happened { machine, now in machine.listChanged(to: update, at: now) }
        taken()
    }

    /// The most that ever waited for the loop at once.
    package var mostPending: Int { driver.mostPending }

    /// There is a list of an earlier run, good enough where there is no file at all.
    public func offer(_ older: TableUpdate) {
        driver.happened { machine, _ in machine.olderListFound(older) }
    }

    /// How each output stands, by its path.
    public var statuses: [String: OutputStatus] { driver.read { $0.statuses } }

    /// How many endpoints and services each output leaves out because its format cannot carry them,
    /// by its path.
    public var rejectionCounts: [String: Int] { rejected.withLock { $0 } }

    /// The services whose traffic leaves the most preferred zone, by the path of each output that prefers zones.
    public var spills: [String: [ServiceName]] { spilling.withLock { $0 } }

    /// Up to which revision each output holds all that it shows of the list; `nil` while one of them holds no
    /// list of this run. The greatest there is without outputs; a file that is kept on purpose counts as that.
    public var writtenRevision: Revision? { driver.read { $0.writtenRevision } }

    /// When each output file last changed, since 1970, as this run left or found it; without those that it has not
    /// looked at yet. Reads no disk.
    public var knownModificationTimes: [String: Duration] { modified.withLock { $0 } }

    /// Proof of progress; see ``MachineDriver/laps``.
    public var laps: UInt64 { driver.laps }

    /// Sends the loop round once.
    public func poke() { driver.poke() }

    /// When each of these files last changed, since 1970; without those that are missing, and without those whose
    /// disk does not answer in time.
    package func modificationTimes(
        of paths: [String],
        within limit: Duration = .seconds(1)
    ) async -> [String: Duration] {
        await withTaskGroup(of: (String, Duration?).self) { group in
            for path in paths {
                group.addTask { [self] in (path, await modificationTime(of: path, within: limit)) }
            }
            return await group.reduce(into: [:]) { times, one in times[one.0] = one.1 }
        }
    }

    private func modificationTime(of path: String, within limit: Duration) async -> Duration? {
        let thread = threads.file(path)
        // Cancelled: nobody is left to be told.
        let answer: Duration?? = try? await within(limit) { [writer] () -> Duration? in
            let found: Duration?? = await thread.run { writer.identity(of: path)?.changed }
            return found.flatMap { $0 }
        }
        return answer.flatMap { $0 }
    }

    /// Writes until the task is cancelled.
    public func run() async {
        await driver.run { [self] action in
            switch action {
            case .takeList: takeList()
            case .write(let output, let update, let number):
                let generation = forgotten.withLock { $0[output.path, default: 0] }
                return onThread(of: output.path, .write) { [self] in
                    write(output, update, number, generation)
                }
            case .make(let write, let command):
                return { [self] in await make(write, with: command) }
            case .stage(let write, let content):
                return onThread(of: write.path) { [self] in stage(write, content) }
            case .check(let write, let staged, let call):
                return { [self] in await check(write, staged, with: call) }
            case .commit(let write, let staged):
                return onThread(of: write.path) { [self] in commit(write, staged) }
            case .discard(let staged): return { [self] in await discard(staged) }
            case .look(let path, let number):
                let generation = forgotten.withLock { $0[path, default: 0] }
                return onThread(of: path, .look) { [self] in look(path, number, generation) }
            case .inspect(let path): return onThread(of: path, .inspect) { [self] in inspect(path) }
            case .forget(let path): forget(path)
            case .replaced(let path, let isChecked): replaced(path, isChecked)
            case .report(let report): observe(report)
            }
            return nil
        }
    }

    /// Runs a step on the thread for a file's directory.
    private func onThread(of path: String, _ step: @escaping @Sendable () -> Void) -> Work {
        let thread = threads.file(path)
        return {
            while !Task.isCancelled {
                // What is being written is worth a moment at the end.
                if await thread.run(grace: .seconds(1), step) != nil { return }
                // The system has no thread to give, or the task is cancelled: the loop's condition ends it.
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// The same for a step that replaces one of its kind that still waits. Of a disk that hangs no more is asked
    /// than that.
    private func onThread(
        of path: String,
        _ kind: Step.Kind,
        _ step: @escaping @Sendable () -> Void
    ) -> Work? {
        let key = Step(path: path, kind: kind)
        let isFirst = steps.withLock { steps in
            defer { steps[key] = step }
            return steps[key] == nil
        }
        guard isFirst else { return nil }
        return onThread(of: path) { [self] in
            let step = steps.withLock { $0.removeValue(forKey: key) }
            step?()
        }
    }
}
