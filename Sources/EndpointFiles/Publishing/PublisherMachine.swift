import Files
import Machines
import Programs
import Registry

/// Decides which file is written when.
///
/// The newest list wins: a file that is behind by several changes is written once. Unless an output
/// asks for a wait, nobody waits: a change is written as soon as the file's last write is done.
///
/// ``OutputState`` decides for one file; this decides across them.
struct PublisherMachine: StateMachine {
    /// An action for the driver.
    enum Action: Equatable, Sendable {
        /// Take the newest list from whoever has it, and tell it.
        case takeList
        /// Render the list. Tell when the file holds it already. Otherwise, where no program has a say, write it
        /// and tell the outcome; where one has, tell ``listRendered(_:)``.
        case write(EndpointOutput, TableUpdate, number: Int)
        /// Have a program make the content from the list.
        case make(PendingWrite, ProgramCall)
        /// Put the content beside the file, unless the file holds it.
        case stage(PendingWrite, FileContent)
        /// Have a program look at what was put beside the file. It is to be discarded when the program refuses it.
        case check(PendingWrite, StagedFile, ProgramCall)
        /// Put it in the place of the file.
        case commit(PendingWrite, StagedFile)
        /// Throw away what was put beside a file: that write was given up.
        case discard(StagedFile)
        /// See whether there is a file: it is kept then.
        case look(path: String, number: Int)
        /// See whether the file is still as we left it.
        case inspect(path: String)
        /// This output is no longer configured: forget what is known of its file.
        case forget(path: String)
        /// Tell whoever has the file's consumers load it: it was replaced. Comes before the report of the same.
        /// `isChecked`: a program has accepted it.
        case replaced(path: String, isChecked: Bool)
        /// Report.
        case report(PublishReport)
    }

    /// How often each file is looked at, for the case that somebody else has been at it.
    private static let checkEvery = Duration.seconds(10)

    private let policy: Backoff.Policy
    private var generator: SeededGenerator
    private var outputs: [String: OutputState] = [:]
    private var latest: TableUpdate?
    /// The list of an earlier run, for files that are missing altogether.
    private var older: TableUpdate?
    /// Whether there is a newer list than the one that was taken last.
    private var isListWaiting = false
    private var writes = 0
    private var nextCheck: Duration?

    /// A machine without outputs.
    ///
    /// - Parameters:
    ///   - policy: Delays after failed writes.
    ///   - generator: Decides their jitter.
    init(
        policy: Backoff.Policy = .init(base: .milliseconds(500), cap: .seconds(10)),
        generator: SeededGenerator
    ) {
        self.policy = policy
        self.generator = generator
    }

    /// How each output stands, by its path.
    var statuses: [String: OutputStatus] { outputs.mapValues(\.status) }

    /// Up to which revision every output holds all that it shows of the list; `nil` while one of them holds no list
    /// of this run. The greatest there is without outputs; a file that is kept on purpose counts as that.
    var writtenRevision: Revision? {
        var written = Revision(rawValue: .max)
        for output in outputs.values where output.kept == nil {
            guard var held = output.held else { return nil }
            // An output that does not show what changed since keeps its older revision.
            if output.isUpToDate, let latest { held = max(held, latest.revision) }
            written = min(written, held)
        }
        return written
    }

    // MARK: events

    /// The configuration names these outputs now.
    mutating func outputsChanged(
        to specifications: [EndpointOutput],
        at now: Duration
    ) -> [Action] {
        var actions: [Action] = []
        let paths = Set(specifications.map(\.path))
        for path in outputs.keys.sorted() where !paths.contains(path) {
            outputs[path] = nil
            actions += [.forget(path: path), .report(.abandoned(path: path))]
        }
        for specification in specifications {
            guard outputs[specification.path]?.specification != specification else {
                outputs[specification.path]?.configurationConfirmed()
                continue
            }
            if outputs[specification.path] != nil {
                actions.append(.forget(path: specification.path))
            }
            outputs[specification.path] = OutputState(
                specification,
                isBehind: latest != nil,
                backoff: Backoff(policy, generator: generator.split())
            )
        }
        return actions + advance(at: now)
    }

    /// There is a newer list to be had. It is taken as soon as one of the files could be written: whatever
    /// comes until then is in it as well.
    mutating func newListWaits(at now: Duration) -> [Action] {
        isListWaiting = true
        return takeList(at: now)
    }

    private mutating func takeList(at now: Duration) -> [Action] {
        guard isListWaiting, outputs.values.contains(where: { $0.isReady(at: now) }) else {
            return []
        }
        isListWaiting = false
        return [.takeList]
    }

    /// The newest list.
    mutating func listChanged(to update: TableUpdate, at now: Duration) -> [Action] {
        let before = latest
        latest = update
        for path in outputs.keys {
            outputs[path]?.listChanged(from: before, to: update, at: now)
        }
        return advance(at: now)
    }

    /// There is no list of this run yet, but one of an earlier run: it is written where there is no
    /// file at all. Files that are there stay; nobody knows that they are older.
    mutating func olderListFound(_ update: TableUpdate) -> [Action] {
        guard latest == nil else { return [] }
        older = update
        var actions: [Action] = []
        for path in outputs.keys.sorted() {
            guard case .idle = outputs[path]?.step, outputs[path]?.isServed == false,
                outputs[path]?.specification.isTold(by: update) == true
            else { continue }
            writes += 1
            outputs[path]?.lookBegan(writes, .fromEarlierRun)
            actions.append(.look(path: path, number: writes))
        }
        return actions
    }

    /// It was looked whether there is a file to keep.
    mutating func fileLooked(
        _ path: String,
        number: Int,
        exists: Bool,
        at now: Duration
    ) -> [Action] {
        guard case .looking(number, let reason) = outputs[path]?.step else { return [] }
        guard exists else {
            // Nothing to keep: a short list is better than none.
            outputs[path]?.step = .idle
            outputs[path]?.becameDoubtful()
            guard let list = latest ?? older, let next = outputs[path]?.next(of: list, at: now)
            else { return [] }
            return write(path, next.0)
        }
        let isNews = outputs[path]?.fileKept(because: reason) ?? false
        return (isNews ? [.report(.kept(path: path, reason))] : []) + advance(at: now)
    }

    /// The file holds the list now.
    ///
    /// - Parameters:
    ///   - bytes: How many were written; `nil` when the file held the list already.
    ///   - cost: What rendering and writing took of a processor, without what was spent waiting.
    mutating func writeEnded(
        _ path: String,
        number: Int,
        revision: Revision,
        bytes: Int?,
        cost: Duration = .zero,
        at now: Duration
    ) -> [Action] {
        guard outputs[path]?.step.write == number else { return [] }
        let isChecked = outputs[path]?.isChecked ?? false
        outputs[path]?.writeEnded(revision, cost: cost, at: now)
        if nextCheck == nil { nextCheck = now + Self.checkEvery }
        let report: PublishReport =
            bytes.map { .written(path: path, revision: revision, bytes: $0) }
            ?? .unchanged(path: path, revision: revision)
        let replaced: [Action] =
            bytes == nil ? [] : [.replaced(path: path, isChecked: isChecked)]
        return replaced + [.report(report)] + advance(at: now)
    }

    /// The file could not be written.
    mutating func writeFailed(
        _ path: String,
        number: Int,
        _ error: FileError,
        at now: Duration
    ) -> [Action] {
        guard outputs[path]?.step.write == number,
            let (delay, isNews) = outputs[path]?.writeFailed(error, at: now)
        else { return [] }
        return isNews ? [.report(.failed(error, retryIn: delay))] : []
    }

    /// The list of a write is rendered.
    ///
    /// - Parameter until: When it has to be rendered again, because a choice between zones is held until then.
    mutating func zonesChosen(_ path: String, number: Int, until: Duration?) -> [Action] {
        if outputs[path]?.step.write == number { outputs[path]?.zonesChosen(until: until) }
        return []
    }

    /// The list of a write is rendered, the file holds another one, and a program has a say, or HAProxy takes it up by a
    /// reload alone.
    mutating func listRendered(_ write: PendingWrite, at now: Duration) -> [Action] {
        let number = write.number
        guard outputs[write.path]?.gathersReload(number, at: now) != true else {
            return advance(at: now)
        }
        if let command = outputs[write.path]?.specification.command {
            let isWanted = stepEnded(write, .writing(number: number), next: .making(number: number))
            return isWanted ? [.make(write, command)] : []
        }
        let isWanted = stepEnded(write, .writing(number: number), next: .staging(number: number))
        return isWanted ? [.stage(write, write.list.content)] : []
    }

    /// A program has made the content of a write.
    mutating func contentMade(_ content: FileContent, for write: PendingWrite) -> [Action] {
        let number = write.number
        let isWanted = stepEnded(write, .making(number: number), next: .staging(number: number))
        return isWanted ? [.stage(write, content)] : []
    }

    /// The content of a write is beside the file.
    mutating func contentStaged(_ staged: StagedFile, for write: PendingWrite) -> [Action] {
        let number = write.number
        if let check = outputs[write.path]?.specification.check {
            let isWanted = stepEnded(
                write,
                .staging(number: number),
                next: .checking(number: number)
            )
            return isWanted ? [.check(write, staged, check.about(staged.path))] : [.discard(staged)]
        }
        let isWanted = stepEnded(write, .staging(number: number), next: .committing(number: number))
        return isWanted ? [.commit(write, staged)] : [.discard(staged)]
    }

    /// A program accepts what was put beside the file.
    mutating func checkPassed(_ staged: StagedFile, for write: PendingWrite) -> [Action] {
        let number = write.number
        let isWanted = stepEnded(
            write,
            .checking(number: number),
            next: .committing(number: number)
        )
        return isWanted ? [.commit(write, staged)] : [.discard(staged)]
    }

    private mutating func stepEnded(
        _ write: PendingWrite,
        _ ended: OutputState.Step,
        next: OutputState.Step
    ) -> Bool {
        outputs[write.path]?.stepEnded(ended, next: next) ?? false
    }

    /// A program has refused the list, or could not be asked, or a template cannot be rendered. The file is as it was.
    ///
    /// - Parameter cost: What rendering took of a processor, where nothing else was done.
    mutating func listRefused(
        _ path: String,
        number: Int,
        _ fault: ProgramFault,
        cost: Duration = .zero,
        at now: Duration
    ) -> [Action] {
        guard outputs[path]?.step.write == number,
            let isNews = outputs[path]?.listRefused(fault, cost: cost, at: now)
        else { return [] }
        return (isNews ? [.report(.refused(path: path, fault))] : []) + advance(at: now)
    }

    /// Somebody else deleted or changed the file.
    mutating func fileAltered(_ path: String, at now: Duration) -> [Action] {
        guard case .idle = outputs[path]?.step else { return [] }
        outputs[path]?.becameDoubtful()
        return [.report(.altered(path: path))] + advance(at: now)
    }

    // MARK: time

    /// As ``StateMachine/deadline`` says.
    var deadline: Duration? {
        let ready = isListWaiting ? outputs.values.compactMap(\.readyFrom).min() : nil
        let latest = latest ?? older
        return
            (outputs.values.compactMap { $0.deadline(with: latest) }
            + [nextCheck, ready].compactMap { $0 }).min()
    }

    /// As ``StateMachine/timePassed(to:)`` says.
    mutating func timePassed(to now: Duration) -> [Action] {
        var actions: [Action] = []
        if let due = nextCheck, due <= now {
            nextCheck = now + Self.checkEvery
            for path in outputs.keys.sorted() {
                if case .idle = outputs[path]?.step { actions.append(.inspect(path: path)) }
            }
        }
        for path in outputs.keys { outputs[path]?.timePassed(to: now) }
        return actions + advance(at: now)
    }

    private mutating func advance(at now: Duration) -> [Action] {
        // The files that could be written now have the newer list in a moment.
        let taking = takeList(at: now)
        guard taking.isEmpty, let latest = latest ?? older else { return taking }
        var actions: [Action] = []
        for path in outputs.keys.sorted() {
            guard let (list, reason) = outputs[path]?.next(of: latest, at: now) else { continue }
            if let reason {
                writes += 1
                outputs[path]?.lookBegan(writes, reason)
                actions.append(.look(path: path, number: writes))
            } else {
                actions += write(path, list)
            }
        }
        return actions
    }

    private mutating func write(_ path: String, _ list: TableUpdate) -> [Action] {
        guard let specification = outputs[path]?.specification else { return [] }
        writes += 1
        outputs[path]?.writeBegan(writes)
        return [.write(specification, list, number: writes)]
    }
}
