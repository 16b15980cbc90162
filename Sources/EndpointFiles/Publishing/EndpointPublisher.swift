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
        enum Kind { case write, look, check }

        var path: String
        var kind: Kind
    }

    /// Returns the newest list; `nil` when there is none yet.
    public typealias Source = @Sendable () -> TableUpdate?

    let writer: AtomicFileWriter
    let programs: ProgramRunner
    let driver: MachineDriver<PublisherMachine>
    let pending = Mutex<[Int: PendingWrite]>([:])
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
    private let threads: BlockingThreads
    /// The newest of each step that waits for its thread; it stands for those before it.
    private let steps = Mutex<[Step: @Sendable () -> Work?]>([:])
    private let rejected = Mutex<[String: Int]>([:])

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
        observe: @escaping @Sendable (PublishReport) -> Void = { _ in }
    ) {
        self.renderers = renderers
        self.processorTime = processorTime
        self.writer = writer
        self.threads = threads
        self.programs = programs
        self.taken = taken
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

    /// Whether each output holds a list of this run.
    public var hasWrittenAll: Bool { driver.read { $0.hasWrittenAll } }

    /// Whether each output holds all that it shows of the list up to `revision`.
    public func hasWritten(upTo revision: Revision) -> Bool {
        driver.read { $0.hasWritten(upTo: revision) }
    }

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
                let life = forgotten.withLock { $0[output.path, default: 0] }
                return beside(output.path, .write) { [self] in
                    write(output, update, number, life)
                }
            case .proceed(let path, let number):
                return beside(path) { [self] in proceed(number) }
            case .drop(let number):
                guard let path = pending.withLock({ $0[number]?.output.path }) else { return nil }
                return beside(path) { [self] in drop(number) }
            case .look(let path, let number):
                return beside(path, .look) { [self] in look(path, number) }
            case .check(let path): return beside(path, .check) { [self] in check(path) }
            case .forget(let path): forget(path)
            case .report(let report): observe(report)
            }
            return nil
        }
    }

    /// Runs a step on the thread for a file's directory, and then the work that the step returned.
    private func beside(_ path: String, _ step: @escaping @Sendable () -> Work?) -> Work {
        let thread = threads.file(path)
        return {
            while !Task.isCancelled {
                // What is being written is worth a moment at the end.
                if let next = await thread.run(grace: .seconds(1), step) {
                    await next?()
                    return
                }
                // The system has no thread to give, or the task is cancelled: the loop's condition ends it.
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// The same for a step that replaces one of its kind that still waits. Of a disk that hangs no more is asked
    /// than that.
    private func beside(
        _ path: String,
        _ kind: Step.Kind,
        _ step: @escaping @Sendable () -> Work?
    ) -> Work? {
        let key = Step(path: path, kind: kind)
        let isFirst = steps.withLock { steps in
            defer { steps[key] = step }
            return steps[key] == nil
        }
        guard isFirst else { return nil }
        return beside(path) { [self] in
            let step = steps.withLock { $0.removeValue(forKey: key) }
            return step?()
        }
    }

    private func forget(_ path: String) {
        forgotten.withLock { $0[path, default: 0] += 1 }
        _ = files.withLock { $0.removeValue(forKey: path) }
        _ = rejected.withLock { $0.removeValue(forKey: path) }
    }

    /// Changes what is known of a file, unless it was forgotten since that life.
    private func update(_ path: String, in life: Int, _ change: () -> Void) {
        forgotten.withLock { forgotten in
            if forgotten[path, default: 0] == life { change() }
        }
    }

    private func write(
        _ output: EndpointOutput,
        _ update: TableUpdate,
        _ number: Int,
        _ life: Int
    ) -> MachineDriver<PublisherMachine>.Work? {
        let path = output.path
        let began = processorTime()
        guard forgotten.withLock({ $0[path, default: 0] == life }) else { return nil }
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
        self.update(path, in: life) { [file] in
            rejected.withLock { $0[path] = rendering.rejections.count }
            files.withLock { $0[path] = file }
        }
        let write = PendingWrite(
            output: output,
            list: list,
            life: life,
            cost: processorTime() - began
        )
        if let found {
            ended(write, number, cost: write.cost, .success(.unchanged(found)))
            return nil
        }
        guard output.check == nil, output.command == nil, !output.hasReload else {
            return begin(write, number)
        }
        let result = Result { () throws(FileError) -> Ending in
            let content = list.content
            let identity = try writer.write(content, to: path, access: output.access)
            return .written(identity, bytes: content.count)
        }
        ended(write, number, cost: processorTime() - began, result)
        return nil
    }

    /// How a write ended that did not fail.
    enum Ending {
        /// The file is a new one.
        case written(AtomicFileWriter.Identity, bytes: Int)
        /// The file holds the list already.
        case unchanged(AtomicFileWriter.Identity)
    }

    /// The write has ended, or failed.
    func ended(
        _ write: PendingWrite,
        _ number: Int,
        cost: Duration,
        _ result: Result<Ending, FileError>
    ) {
        let (list, path) = (write.list, write.output.path)
        update(path, in: write.life) {
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
                    number: number,
                    revision: list.revision,
                    bytes: ending.bytes,
                    cost: cost,
                    at: now
                )
            case .failure(let error):
                machine.writeFailed(path, number: number, error, at: now)
            }
        }
    }

    private func look(_ path: String, _ number: Int) -> Work? {
        let exists = writer.identity(of: path) != nil
        driver.happened { machine, now in
            machine.fileLooked(path, number: number, exists: exists, at: now)
        }
        return nil
    }

    private func check(_ path: String) -> Work? {
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
        return nil
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
    /// How many were written; `nil` for none.
    fileprivate var bytes: Int? {
        switch self {
        case .written(_, let bytes): bytes
        case .unchanged: nil
        }
    }
}
