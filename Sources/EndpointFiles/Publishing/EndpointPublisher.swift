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
    private struct File {
        var renderer: SharedRenderer
        var rejections: RejectionLedger
        /// The list that the file holds.
        var held: RenderedList?
        /// The file as we left it.
        var identity: AtomicFileWriter.Identity?
        var wasRead = false
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
    private let renderers: RendererPool
    private let timeline: Timeline
    let processorTime: @Sendable () -> Duration
    /// Holds one: the newest list stands for all before it.
    private let source = Mutex<Source?>(nil)
    private let observe: @Sendable (PublishReport) -> Void
    private let taken: @Sendable () -> Void
    private let files = Mutex<[String: File]>([:])
    /// How often each file was forgotten: what is under way for one that was has no say any more.
    private let forgotten = Mutex<[String: Int]>([:])
    let threads: BlockingThreads
    /// The newest of each step that waits for its thread; it stands for those before it.
    private let steps = Mutex<[Step: @Sendable () -> Void]>([:])
    private let rejected = Mutex<[String: Int]>([:])
    /// When each file last changed, as this run left or found it.
    private let modified = Mutex<[String: Duration]>([:])
    private let replaced: @Sendable (String) -> Void

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
    ///   - replaced: Has the consumers of a file load it, which was replaced; called in order, and before the report
    ///     of the same. Must not wait.
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
        replaced: @escaping @Sendable (_ path: String) -> Void = { _ in },
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
                return onThread(of: path, .look) { [self] in look(path, number) }
            case .inspect(let path): return onThread(of: path, .inspect) { [self] in inspect(path) }
            case .forget(let path): forget(path)
            case .replaced(let path): replaced(path)
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

    private func forget(_ path: String) {
        forgotten.withLock { $0[path, default: 0] += 1 }
        _ = files.withLock { $0.removeValue(forKey: path) }
        _ = rejected.withLock { $0.removeValue(forKey: path) }
        _ = modified.withLock { $0.removeValue(forKey: path) }
    }

    /// Changes what is known of a file, unless it was forgotten since that generation.
    private func update(_ path: String, in generation: Int, _ change: () -> Void) {
        forgotten.withLock { forgotten in
            if forgotten[path, default: 0] == generation { change() }
        }
    }

    private func write(
        _ output: EndpointOutput,
        _ update: TableUpdate,
        _ number: Int,
        _ generation: Int
    ) {
        let path = output.path
        let began = processorTime()
        guard forgotten.withLock({ $0[path, default: 0] == generation }) else { return }
        var file =
            files.withLock { $0.removeValue(forKey: path) }
            ?? File(
                renderer: renderers.renderer(of: output),
                rejections: RejectionLedger(path: path)
            )
        let rendering = file.renderer.render(update)
        let list = rendering.list
        file.rejections.listRendered(leavingOut: rendering.rejections, at: timeline.now)
            .forEach(observe)
        let found = holding(list, output, &file)
        self.update(path, in: generation) { [file] in
            rejected.withLock { $0[path] = rendering.rejections.count }
            files.withLock { $0[path] = file }
        }
        var write = PendingWrite(
            output: output,
            number: number,
            list: list,
            generation: generation,
            cost: processorTime() - began
        )
        if let found { return ended(write, .success(.unchanged(found))) }
        if output.asksPrograms {
            return driver.happened { [write] machine, _ in machine.listRendered(write) }
        }
        let result = Result { () throws(FileError) -> Ending in
            try replace(output, with: writer.stage(list.content, for: path, number: number))
        }
        write.cost = processorTime() - began
        ended(write, result)
    }

    /// How a write ended that did not fail.
    enum Ending {
        /// The file is a new one.
        case written(AtomicFileWriter.Identity, bytes: Int)
        /// The file holds the list already.
        case unchanged(AtomicFileWriter.Identity)
    }

    /// The write has ended, or failed.
    func ended(_ write: PendingWrite, _ result: Result<Ending, FileError>) {
        let (list, path) = (write.list, write.path)
        update(path, in: write.generation) {
            if case .success(let ending) = result {
                modified.withLock { $0[path] = ending.identity.changed }
            }
            files.withLock { files in
                switch result {
                case .success(.written(let identity, _)), .success(.unchanged(let identity)):
                    files[path]?.held = list
                    files[path]?.identity = identity
                case .failure:
                    // What the file holds now is looked at again before the next try.
                    files[path]?.held = nil
                    files[path]?.wasRead = false
                }
            }
        }
        driver.happened { machine, now in
            switch result {
            case .success(let ending):
                machine.writeEnded(
                    path,
                    number: write.number,
                    revision: list.revision,
                    bytes: ending.bytes,
                    cost: write.cost,
                    at: now
                )
            case .failure(let error):
                machine.writeFailed(path, number: write.number, error, at: now)
            }
        }
    }

    private func look(_ path: String, _ number: Int) {
        let identity = writer.identity(of: path)
        modified.withLock { $0[path] = identity?.changed }
        let exists = identity != nil
        driver.happened { machine, now in
            machine.fileLooked(path, number: number, exists: exists, at: now)
        }
    }

    private func inspect(_ path: String) {
        // Not under the lock, which is for the files of all directories.
        let identity = writer.identity(of: path)
        let isAltered = files.withLock { files in
            guard let file = files[path], file.held != nil, file.identity != identity else {
                return false
            }
            files[path]?.held = nil
            return true
        }
        if isAltered {
            driver.happened { machine, now in machine.fileAltered(path, at: now) }
        }
    }

    /// The file, where it holds the list already: known from the last write, or read once at the start.
    private func holding(
        _ list: RenderedList,
        _ output: EndpointOutput,
        _ file: inout File
    ) -> AtomicFileWriter.Identity? {
        let path = output.path
        if let held = file.held {
            guard list.isSameList(as: held), let identity = file.identity else { return nil }
            return identity == writer.identity(of: path) ? identity : nil
        }
        guard !file.wasRead else { return nil }
        file.wasRead = true
        writer.removeLeftovers(of: path)
        // What a program makes of the list is known only when it has.
        guard output.command == nil else { return nil }
        // A file that cannot be read is one that has to be written; that will say what is wrong.
        guard let found = try? writer.read(path, having: output.access) else { return nil }
        return list.isSameList(as: found.bytes) ? found.identity : nil
    }
}

extension EndpointPublisher.Ending {
    /// The file that holds the list now.
    fileprivate var identity: AtomicFileWriter.Identity {
        switch self {
        case .written(let identity, _), .unchanged(let identity): identity
        }
    }

    /// How many were written; `nil` for none.
    fileprivate var bytes: Int? {
        switch self {
        case .written(_, let bytes): bytes
        case .unchanged: nil
        }
    }
}
