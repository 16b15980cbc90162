public import Registry

/// Decides which file is written when.
///
/// The newest list wins: a file that is behind by several changes is written once. Nobody waits: a
/// change is written as soon as the file's last write is done.
public struct PublisherMachine: StateMachine {
    /// What the driver is to do.
    public enum Action: Sendable {
        /// Render the list and write it, unless the file holds it already. The number comes back
        /// with the outcome.
        case write(EndpointOutput, TableUpdate, number: Int)
        /// See whether the file is still as we left it.
        case check(path: String)
        /// This output is no longer configured: forget what is known of its file.
        case forget(path: String)
        /// Report.
        case report(PublishReport)
    }

    private struct Output {
        enum State {
            /// Nothing is to be done. Can go to `writing`.
            case idle
            /// A write is under way. Can go to `idle`, `writing`, `failed`.
            case writing(number: Int)
            /// The last write failed. Can go to `writing`.
            case failed(FileError, until: Duration)
        }

        var specification: EndpointOutput
        var state = State.idle
        /// What changed since the list that was handed to the last write; `nil` is everything.
        var changed: Set<ServiceName>? = nil
        var isBehind = false
        /// The revision of the list that the file holds.
        var held: Revision?
        /// The failure that was said last, so that the same one is not said again.
        var said: FileError?
        var backoff: Backoff
    }

    /// How often each file is looked at, for the case that somebody else has been at it.
    private static let checkEvery = Duration.seconds(10)

    private let policy: Backoff.Policy
    private var generator: SeededGenerator
    private var outputs: [String: Output] = [:]
    private var latest: TableUpdate?
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
    public var statuses: [String: OutputStatus] {
        outputs.mapValues { output in
            switch output.state {
            case .failed(let error, _): .failed(error)
            case .writing: .pending
            case .idle: output.held.map(OutputStatus.current) ?? .waiting
            }
        }
    }

    /// Whether each output holds a list. True without outputs.
    public var hasWrittenAll: Bool { outputs.values.allSatisfy { $0.held != nil } }

    /// Whether each output holds all that it shows of the list up to `revision`. True without
    /// outputs.
    public func hasWritten(upTo revision: Revision) -> Bool {
        outputs.values.allSatisfy { output in
            guard let held = output.held else { return false }
            if held >= revision { return true }
            // An output that does not show what changed since keeps its older revision.
            guard case .idle = output.state, let latest else { return false }
            return !output.isBehind && latest.revision >= revision
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
        for specification in specifications
        where outputs[specification.path]?.specification != specification {
            if outputs[specification.path] != nil {
                actions.append(.forget(path: specification.path))
            }
            outputs[specification.path] = Output(
                specification: specification,
                isBehind: latest != nil,
                backoff: Backoff(policy, generator: generator.split())
            )
        }
        return actions + advance(at: now)
    }

    /// There is a new list.
    public mutating func listChanged(to update: TableUpdate, at now: Duration) -> [Action] {
        let isFirst = latest == nil
        latest = update
        for (path, output) in outputs {
            let changed = isFirst ? nil : update.changed
            guard output.specification.shows(changed) else { continue }
            if let changed, let before = output.changed, output.isBehind {
                outputs[path]?.changed = before.union(changed)
            } else if !output.isBehind {
                outputs[path]?.changed = changed
            } else {
                outputs[path]?.changed = nil
            }
            outputs[path]?.isBehind = true
        }
        return advance(at: now)
    }

    /// The file holds the list now.
    ///
    /// - Parameter bytes: How many were written; `nil` when the file held the list already.
    public mutating func writeEnded(
        _ path: String,
        number: Int,
        revision: Revision,
        bytes: Int?,
        at now: Duration
    ) -> [Action] {
        guard case .writing(number) = outputs[path]?.state else { return [] }
        outputs[path]?.state = .idle
        outputs[path]?.held = revision
        if nextCheck == nil { nextCheck = now + Self.checkEvery }
        outputs[path]?.said = nil
        outputs[path]?.backoff.reset()
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
        guard var output = outputs[path], case .writing(number) = output.state else { return [] }
        let delay = output.backoff.next()
        let isNews = output.said != error
        output.state = .failed(error, until: now + delay)
        output.said = error
        // Whatever the writer had, the next try renders all of the newest list.
        output.isBehind = true
        output.changed = nil
        outputs[path] = output
        return isNews ? [.report(.failed(error, retryIn: delay))] : []
    }

    /// Somebody else deleted or changed the file.
    public mutating func fileAltered(_ path: String, at now: Duration) -> [Action] {
        guard case .idle = outputs[path]?.state else { return [] }
        outputs[path]?.isBehind = true
        outputs[path]?.changed = nil
        return [.report(.altered(path: path))] + advance(at: now)
    }

    // MARK: time

    /// As ``StateMachine/deadline`` says.
    public var deadline: Duration? {
        let retries = outputs.values.compactMap { output in
            if case .failed(_, let until) = output.state { until } else { nil }
        }
        return (retries + [nextCheck].compactMap { $0 }).min()
    }

    /// As ``StateMachine/timePassed(to:)`` says.
    public mutating func timePassed(to now: Duration) -> [Action] {
        var actions: [Action] = []
        if let due = nextCheck, due <= now {
            nextCheck = now + Self.checkEvery
            for path in outputs.keys.sorted() {
                if case .idle = outputs[path]?.state { actions.append(.check(path: path)) }
            }
        }
        return actions + advance(at: now)
    }

    private mutating func advance(at now: Duration) -> [Action] {
        guard let latest else { return [] }
        var actions: [Action] = []
        for path in outputs.keys.sorted() {
            guard let output = outputs[path], output.isBehind else { continue }
            switch output.state {
            case .writing: continue
            case .failed(_, let until) where until > now: continue
            case .idle, .failed: break
            }
            var update = latest
            update.changed = output.changed
            writes += 1
            outputs[path]?.state = .writing(number: writes)
            outputs[path]?.isBehind = false
            outputs[path]?.changed = []
            actions.append(.write(output.specification, update, number: writes))
        }
        return actions
    }
}
