public import Machines
import Synchronization

/// Keeps the list equal to the store: runs a ``WatchMachine`` on a ``RegistryStore``.
public final class EndpointWatcher: Sendable {
    private struct OpenStream: Sendable {
        let end = StopSwitch()
        let asks: AsyncStream<Void>
        let ask: AsyncStream<Void>.Continuation

        init() {
            // One request is enough to know, however many are due.
            (asks, ask) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        }
    }

    /// The observers; each is called in order and must not wait.
    public struct Listeners: Sendable {
        /// Called when ``EndpointWatcher/newest`` has changed. Changes during a call are one further call.
        public var list: @Sendable (_ watcher: EndpointWatcher) -> Void
        /// Called with the changes of keys, by the task that receives them: a slow call delays the store.
        public var keys: @Sendable (KeyNews) -> Void
        /// Called with each report, by the same task.
        public var reports: @Sendable (WatchReport) -> Void
        /// Called with what happened to endpoints, by the same task: of the first list only which records are invalid.
        public var changes: @Sendable ([EndpointChange]) -> Void

        /// Names the listeners.
        public init(
            list: @escaping @Sendable (_ watcher: EndpointWatcher) -> Void,
            keys: @escaping @Sendable (KeyNews) -> Void = { _ in },
            reports: @escaping @Sendable (WatchReport) -> Void = { _ in },
            changes: @escaping @Sendable ([EndpointChange]) -> Void = { _ in }
        ) {
            self.list = list
            self.keys = keys
            self.reports = reports
            self.changes = changes
        }
    }

    private let store: any RegistryStore
    private let prefix: RegistryPrefix
    private let listeners: Listeners
    private let driver: MachineDriver<WatchMachine>
    private let streams = Mutex<[Int: OpenStream]>([:])

    /// A watcher that does nothing before ``run()``.
    public init(
        store: any RegistryStore,
        settings: WatchMachine.Settings,
        generator: SeededGenerator,
        timeline: Timeline,
        listeners: Listeners
    ) {
        self.store = store
        prefix = settings.prefix
        self.listeners = listeners
        driver = MachineDriver(
            WatchMachine(settings, generator: generator),
            timeline: timeline
        )
    }

    /// The list as it is known now; `nil` before the first. Versions share what did not change, so taking
    /// one costs little, and one that nobody takes costs nothing.
    public var newest: TableUpdate? { driver.read { $0.newest } }

    /// The most that ever waited for the loop at once.
    package var mostPending: Int { driver.mostPending }

    /// Proof of progress; see ``MachineDriver/laps``.
    public var laps: UInt64 { driver.laps }

    /// Sends the loop round once.
    public func poke() { driver.poke() }

    /// The store answers again after an absence: no need to wait longer.
    public func storeReconnected() {
        happened { machine, now in machine.storeReconnected(at: now) }
    }

    /// How long a mass loss may be held has changed.
    public func holdLosses(for hold: Duration) {
        happened { machine, now in machine.lossHoldChanged(to: hold, at: now) }
    }

    /// Names the services whose endpoints are wanted. Values that are not known yet are read at once.
    public func select(_ selection: ServiceSelection) {
        happened { machine, _ in machine.selectionChanged(to: selection) }
    }

    /// Limits how much is kept.
    public func limit(to limits: ListLimits) {
        happened { machine, now in machine.limitsChanged(to: limits, at: now) }
    }

    /// Lists and watches until the task is cancelled. The last list stays with whoever has it.
    public func run() async {
        driver.happened { machine, _ in machine.started() }
        await driver.run { [self] action in begin(action) }
    }

    private func begin(_ action: WatchMachine.Action) -> MachineDriver<WatchMachine>.Work? {
        switch action {
        case .list(let isUrgent):
            return onPool { [self] in await list(isUrgent: isUrgent) }
        case .openWatch(let id, let mark):
            let stream = OpenStream()
            streams.withLock { $0[id] = stream }
            return { [self] in await watch(id, stream, after: mark) }
        case .askProgress(let id): streams.withLock { $0[id] }?.ask.yield()
        case .closeWatch(let id): streams.withLock { $0[id] }?.end.stop()
        case .count(let id, let connection):
            return { [self] in await count(on: id, over: connection) }
        case .summarize(let since): return onPool { [self] in await summarize(since: since) }
        case .suspectConnection: return { [store] in await store.suspectConnection() }
        case .publish: listeners.list(self)
        case .tell(let news): listeners.keys(news)
        case .tellChanges(let changes): listeners.changes(changes)
        case .report(let report): listeners.reports(report)
        }
        return nil
    }

    /// Whatever thread the watcher is run on: a hundred thousand keys are work for another one.
    private func onPool(_ work: @escaping @Sendable () async -> Void) -> @Sendable () async -> Void
    {
        { await withTaskExecutorPreference(globalConcurrentExecutor, operation: work) }
    }

    /// Tells the machine, and the listeners from the calling task: in the loop's queue keys and reports would pile
    /// up when the store sends faster than they are taken.
    private func happened(
        _ event: (inout WatchMachine, _ now: Duration) -> [WatchMachine.Action]
    ) {
        driver.happened(event) { [listeners] action in
            switch action {
            case .tell(let news): { listeners.keys(news) }
            case .tellChanges(let changes): { listeners.changes(changes) }
            case .report(let report): { listeners.reports(report) }
            default: nil
            }
        }
    }

    private func list(isUrgent: Bool) async {
        do throws(StoreError) {
            let state = try await store.list(prefix, isUrgent: isUrgent) { [self] page, isFirst in
                happened { machine, now in machine.pageArrived(page, isFirst: isFirst, at: now) }
            }
            happened { machine, now in machine.listEnded(state, at: now) }
        } catch {
            happened { machine, now in machine.snapshotFailed(error, at: now) }
        }
    }

    private func count(on stream: Int, over connection: Int) async {
        // A count that cannot be had is as no answer: the machine has a time for it.
        guard let count = try? await store.count(of: prefix, on: connection) else { return }
        happened { machine, now in machine.countArrived(count, on: stream, at: now) }
    }

    private func summarize(since revision: Revision) async {
        do throws(StoreError) {
            let summary = try await store.summary(of: prefix, since: revision)
            happened { machine, now in machine.summaryArrived(summary, at: now) }
        } catch {
            happened { machine, now in machine.summaryFailed(at: now) }
        }
    }

    private func watch(_ id: Int, _ stream: OpenStream, after mark: SnapshotMark) async {
        await stream.end.run { [self] in
            do throws(StoreError) {
                try await store.watch(prefix, after: mark, asks: stream.asks) { [self] news in
                    happened { machine, now in machine.newsArrived(news, on: id, at: now) }
                }
            } catch {
                // Given up, or the watcher itself ends: nothing was lost.
                guard !Task.isCancelled else { return }
                happened { machine, now in machine.watchEnded(id, because: error, at: now) }
            }
        }
        _ = streams.withLock { $0.removeValue(forKey: id) }
    }
}
