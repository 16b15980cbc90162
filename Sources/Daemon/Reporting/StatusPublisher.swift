import Configuration
import EndpointFiles
import Files
import FoundationEssentials
import Logging
import Machines
import Registry
import ServiceLifecycle
import Synchronization
import Systemd

/// Tells systemd and the status file what is true of the daemon, and decides when it is ready. Stops first, so that
/// STOPPING=1 comes before anything is taken down.
final class StatusPublisher: Service {
    /// The status file, as its thread knows it.
    private struct File: Sendable {
        var file: StatusFile
        var trouble: FileError?
    }

    private let state: StateReader
    private let events: DaemonEvents
    private let publisher: EndpointPublisher
    private let lastList: @Sendable () async -> (list: TableUpdate, since: Date)?
    private let notifier: Notifier
    private let signal: ChangeSignal
    private let ending: @Sendable () -> Void
    private let log: Logger
    private let driver: MachineDriver<ReadinessMachine>
    /// The line that was sent last.
    private let lastStatus = Mutex("")
    private let statusFile: CoalescingWriter<DaemonState>
    private let lapCount = Atomic<UInt64>(0)
    /// How often counts and revisions are told, once the daemon is ready.
    private static let pause = Duration.milliseconds(250)
    /// How long the end of the daemon waits for the status file's disk.
    private static let patience = Duration.seconds(1)

    /// - Parameters:
    ///   - publisher: Looks whether the output files exist, and is offered the list of an earlier run.
    ///   - lastList: Reads the list of an earlier run, for a start without etcd.
    ///   - statusFile: The path of the status file, and the thread for its disk.
    ///   - ending: Called when the daemon begins to end, before anybody is told.
    init(
        state: StateReader,
        events: DaemonEvents,
        publisher: EndpointPublisher,
        lastList: @escaping @Sendable () async -> (list: TableUpdate, since: Date)?,
        start: Configuration.Start,
        notifier: Notifier,
        signal: ChangeSignal,
        statusFile: (path: String, thread: BlockingThread),
        ending: @escaping @Sendable () -> Void,
        log: Logger
    ) {
        self.state = state
        self.events = events
        self.publisher = publisher
        self.lastList = lastList
        self.notifier = notifier
        self.signal = signal
        self.ending = ending
        self.log = log
        let readiness = ReadinessMachine(
            timeout: start.timeout,
            needsFiles: start.whenEtcdIsAway == .wait
        )
        driver = MachineDriver(readiness, timeline: Timeline())
        let file = Mutex(File(file: StatusFile(path: statusFile.path)))
        self.statusFile = CoalescingWriter<DaemonState>(on: statusFile.thread) { state in
            Self.write(state, to: file, log)
        }
    }

    /// Proof of progress of the loop that tells: how often it went round. It goes round after each
    /// ``ChangeSignal/raise()`` unless it is stuck. It waits for no disk.
    var laps: UInt64 { lapCount.load(ordering: .relaxed) }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                group.addTask { [self] in await driver.run { [self] in begin($0) } }
                signal.raise()
                for await _ in signal.changes {
                    changed()
                    lapCount.wrappingAdd(1, ordering: .relaxed)
                }
                group.cancelAll()
            }
        }
        ending()
        events.happened(.lifeCycle(.stopping))
        tell([.stopping])
        statusFile.put(state.now)
        _ = await statusFile.flush(within: Self.patience)
    }

    // MARK: reloading

    /// The configuration is being read again. Before the daemon is ready nothing is said of it:
    /// READY=1 at the end would let units start that find no file.
    func reloadBegan() {
        guard mayTellOfReload else { return }
        tell([.reloadingNow()], status: "reloading the configuration")
    }

    /// The configuration was read, and applied or refused.
    func reloadEnded() {
        signal.raise()
        guard mayTellOfReload else { return }
        tell([.ready])
    }

    /// After STOPPING=1 there is nothing more to say of a reload, see sd_notify(3).
    private var mayTellOfReload: Bool {
        let state = state.now
        return state.isReady && !state.isStopping
    }

    // MARK: what is told

    private func changed() {
        // The one state for all of them: with thousands of services it is no small thing to read.
        let state = tell()
        driver.happened { machine, _ in machine.changed(to: state.readiness) }
        statusFile.put(state)
    }

    private func begin(_ action: ReadinessMachine.Action) -> MachineDriver<ReadinessMachine>.Work? {
        switch action {
        case .ready:
            signal.setPause(Self.pause)
            events.happened(.lifeCycle(.ready))
            tell([.ready])
        case .readyDegraded(let filesExist):
            signal.setPause(Self.pause)
            events.happened(.lifeCycle(.readyDegraded(filesExist: filesExist)))
            let remedy =
                "; start etcd, or set endpoints in [etcd] to its address: each file is written as soon as it "
                + "answers"
            log.log(
                .readyDegraded,
                "\(StatusLine(state: state.now).text)\(filesExist ? "" : remedy)"
            )
            tell([.ready])
        case .extendTimeout(let duration): tell([.extendTimeout(duration)])
        case .offerLastList: return { [self] in await offerLastList() }
        case .checkFiles: return { [self] in await checkFiles() }
        }
        return nil
    }

    private func offerLastList() async {
        let last = await lastList()
        if let last {
            events.happened(.lifeCycle(.earlierListFound(last.list, since: last.since)))
            publisher.offer(last.list)
        }
        driver.happened { machine, _ in machine.lastListOffered(exists: last != nil) }
    }

    /// A file whose disk does not answer counts as missing.
    private func checkFiles() async {
        let paths = state.now.configuration.outputs.map(\.path)
        let found = await publisher.modificationTimes(of: paths)
        let allExist = paths.allSatisfy { found[$0] != nil }
        driver.happened { machine, _ in machine.filesChecked(allExist: allExist) }
    }

    /// Sends STATUS=, together with `notifications`; without any only when it says something new.
    /// The one place that does, so that what was said last is known.
    ///
    /// - Returns: The state as it was then.
    @discardableResult
    private func tell(_ notifications: [Notification] = [], status: String? = nil) -> DaemonState {
        lastStatus.withLock { last in
            // Read under the lock: of two lines the later one is sent last.
            let state = state.now
            let text = status ?? StatusLine(state: state).text
            guard !notifications.isEmpty || last != text else { return state }
            last = text
            do throws(SystemdError) {
                try notifier.send(notifications + [.status(text)])
            } catch {
                log.log(.notificationFailed, error.message)
            }
            return state
        }
    }

    /// Called on the thread that may wait for the disk, and only there: nobody else waits for the lock.
    private static func write(
        _ state: DaemonState,
        to file: borrowing Mutex<File>,
        _ log: Logger
    ) {
        let report = StatusReport(state, at: Date())
        file.withLock { file in
            do throws(FileError) {
                try file.file.update(state.isStopping ? report.atTheEnd : report)
                file.trouble = nil
            } catch {
                if file.trouble != error { log.log(.statusFileNotWritten, "\(error)") }
                file.trouble = error
            }
        }
    }
}
