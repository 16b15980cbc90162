public import Files
public import Machines
public import Programs
public import Registry

/// Decides which file is written when.
///
/// The newest list wins: a file that is behind by several changes is written once. Unless an output
/// asks for a wait, nobody waits: a change is written as soon as the file's last write is done.
///
/// ``OutputState`` decides for one file; this decides across them.
public struct PublisherMachine: StateMachine {
    /// An action for the driver.
    public enum Action: Sendable {
        /// Take the newest list from whoever has it, and tell it.
        case takeList
        /// Render the list and write it, unless the file holds it already. The number comes back
        /// with the outcome.
        case write(EndpointOutput, TableUpdate, number: Int)
        /// Go on with the write of that number: the program that it waited for has had its say.
        case proceed(path: String, number: Int)
        /// Give up the write of that number; nobody waits for its outcome.
        case drop(number: Int)
        /// See whether there is a file: it is kept then.
        case look(path: String, number: Int)
        /// See whether the file is still as we left it.
        case check(path: String)
        /// This output is no longer configured: forget what is known of its file.
        case forget(path: String)
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
    public init(
        policy: Backoff.Policy = .init(base: .milliseconds(500), cap: .seconds(10)),
        generator: SeededGenerator
    ) {
        self.policy = policy
        self.generator = generator
    }

    /// How each output stands, by its path.
    public var statuses: [String: OutputStatus] { outputs.mapValues(\.status) }

    /// Whether each output holds a list, or a file that is kept on purpose. True without outputs.
    public var hasWrittenAll: Bool { outputs.values.allSatisfy(\.isServed) }

    /// Whether each output holds all that it shows of the list up to `revision`. True without
    /// outputs, and for a file that is kept on purpose.
    public func hasWritten(upTo revision: Revision) -> Bool {
        outputs.values.allSatisfy { output in
            if output.kept != nil { return true }
            guard let held = output.held else { return false }
            if held >= revision { return true }
            // An output that does not show what changed since keeps its older revision.
            guard let latest else { return false }
            return output.isUpToDate && latest.revision >= revision
        }
    }

    // MARK: events

    /// The configuration names these outputs now.
    public mutating func outputsChanged(
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
    public mutating func newListWaits(at now: Duration) -> [Action] {
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
    public mutating func listChanged(to update: TableUpdate, at now: Duration) -> [Action] {
        let before = latest
        latest = update
        for path in outputs.keys {
            outputs[path]?.listChanged(from: before, to: update, at: now)
        }
        return advance(at: now)
    }

    /// There is no list of this run yet, but one of an earlier run: it is written where there is no
    /// file at all. Files that are there stay; nobody knows that they are older.
    public mutating func olderListFound(_ update: TableUpdate) -> [Action] {
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
    public mutating func fileLooked(
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
    public mutating func writeEnded(
        _ path: String,
        number: Int,
        revision: Revision,
        bytes: Int?,
        cost: Duration = .zero,
        at now: Duration
    ) -> [Action] {
        guard case .writing(number) = outputs[path]?.step else { return [] }
        outputs[path]?.writeEnded(revision, cost: cost, at: now)
        if nextCheck == nil { nextCheck = now + Self.checkEvery }
        let report: PublishReport =
            bytes.map { .written(path: path, revision: revision, bytes: $0) }
            ?? .unchanged(path: path, revision: revision)
        return [.report(report)] + advance(at: now)
    }

    /// The file could not be written.
    public mutating func writeFailed(
        _ path: String,
        number: Int,
        _ error: FileError,
        at now: Duration
    ) -> [Action] {
        guard case .writing(number) = outputs[path]?.step,
            let (delay, isNews) = outputs[path]?.writeFailed(error, at: now)
        else { return [] }
        return isNews ? [.report(.failed(error, retryIn: delay))] : []
    }

    /// A program that the write had to wait for has done its part.
    public mutating func programEnded(_ path: String, number: Int) -> [Action] {
        guard case .writing(number) = outputs[path]?.step else { return [.drop(number: number)] }
        return [.proceed(path: path, number: number)]
    }

    /// A program has refused the list, or could not be asked. The file is as it was.
    public mutating func listRefused(
        _ path: String,
        number: Int,
        _ fault: ProgramFault,
        at now: Duration
    ) -> [Action] {
        guard case .writing(number) = outputs[path]?.step,
            let isNews = outputs[path]?.listRefused(fault, at: now)
        else { return [.drop(number: number)] }
        let report: [Action] = isNews ? [.report(.refused(path: path, fault))] : []
        return [.drop(number: number)] + report + advance(at: now)
    }

    /// Somebody else deleted or changed the file.
    public mutating func fileAltered(_ path: String, at now: Duration) -> [Action] {
        guard case .idle = outputs[path]?.step else { return [] }
        outputs[path]?.becameDoubtful()
        return [.report(.altered(path: path))] + advance(at: now)
    }

    // MARK: time

    /// As ``StateMachine/deadline`` says.
    public var deadline: Duration? {
        let ready = isListWaiting ? outputs.values.compactMap(\.readyFrom).min() : nil
        return (outputs.values.compactMap(\.deadline) + [nextCheck, ready].compactMap { $0 }).min()
    }

    /// As ``StateMachine/timePassed(to:)`` says.
    public mutating func timePassed(to now: Duration) -> [Action] {
        var actions: [Action] = []
        if let due = nextCheck, due <= now {
            nextCheck = now + Self.checkEvery
            for path in outputs.keys.sorted() {
                if case .idle = outputs[path]?.step { actions.append(.check(path: path)) }
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
