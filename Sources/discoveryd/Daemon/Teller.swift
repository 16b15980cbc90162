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

/// Tells systemd, and whoever reads the status file, how the daemon is. Stops first, so that
/// STOPPING=1 comes before anything is taken down.
final class Teller: Service {
    /// The status file, as its thread knows it.
    private struct File: Sendable {
        var file: StatusFile
        var trouble: FileError?
    }

    private let board: StatusBoard
    private let session: RegistrationSession
    private let publisher: EndpointPublisher
    private let reloader: Reloader
    private let outputs: @Sendable () -> [String]
    private let lastList: @Sendable () async -> (list: TableUpdate, since: Date)?
    private let notifier: Notifier
    private let signal: ChangeSignal
    private let ending: @Sendable () -> Void
    private let log: Logger
    private let driver: MachineDriver<ReadinessMachine>
    /// The line that was told last.
    private let said = Mutex("")
    private let statusFile: CoalescingWriter<StatusDocument>
    private let lapCount = Atomic<UInt64>(0)
    /// How often counts and revisions are told, once the daemon is ready.
    private static let pause = Duration.milliseconds(250)
    /// How long the end of the daemon waits for the status file's disk.
    private static let patience = Duration.seconds(1)

    /// - Parameters:
    ///   - outputs: The paths of the files that are configured now.
    ///   - lastList: The list of an earlier run, for a start without etcd.
    ///   - ending: Called when the daemon begins to end, before anybody is told.
    init(
        board: StatusBoard,
        session: RegistrationSession,
        publisher: EndpointPublisher,
        reloader: Reloader,
        outputs: @escaping @Sendable () -> [String],
        lastList: @escaping @Sendable () async -> (list: TableUpdate, since: Date)?,
        start: Configuration.Start,
        notifier: Notifier,
        signal: ChangeSignal,
        statusFile: String,
        threads: BlockingThreads,
        ending: @escaping @Sendable () -> Void,
        log: Logger
    ) {
        self.board = board
        self.session = session
        self.publisher = publisher
        self.reloader = reloader
        self.outputs = outputs
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
        let file = Mutex(File(file: StatusFile(path: statusFile)))
        let thread = threads.file(statusFile)
        self.statusFile = CoalescingWriter<StatusDocument>(on: thread) { document in
            Teller.write(document, to: file, log)
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
        board.update { $0.isStopping = true }
        tell([.stopping])
        writeStatusFile()
        _ = await statusFile.flush(within: Self.patience)
    }

    // MARK: reloading

    /// The configuration is being read again. Before the daemon is ready nothing is said of it:
    /// READY=1 at the end would let units start that find no file.
    func reloadBegan() {
        guard isReady else { return }
        tell([.reloadingNow()], status: "reloading the configuration")
    }

    /// The configuration was read, and applied or refused.
    func reloadEnded() {
        signal.raise()
        guard isReady else { return }
        tell([.ready])
    }

    /// Whether READY=1 was said.
    var isReady: Bool {
        switch driver.read({ $0.state }) {
        case .ready, .degraded: true
        case .starting, .overdue: false
        }
    }

    // MARK: what is told

    private func changed() {
        let facts = board.current
        let isSettled =
            session.isSettled && facts.withoutAddress.isEmpty && facts.unjudged.isEmpty
        // The files show our own registrations too: a unit ordered after us may look for them.
        let registered = session.statuses.values.compactMap { status in
            if case .registered(_, let revision) = status { revision } else { nil }
        }
        let hasWrittenAll =
            facts.hasList && facts.list != nil
            && publisher.hasWritten(upTo: registered.max() ?? .zero)
        driver.happened { machine, _ in
            machine.progressed(isSettled: isSettled, hasWrittenAll: hasWrittenAll)
        }
        tell()
        writeStatusFile()
    }

    private func begin(_ action: ReadinessMachine.Action) -> MachineDriver<ReadinessMachine>.Work? {
        switch action {
        case .ready:
            signal.setPause(Self.pause)
            log.log(.ready)
            tell([.ready])
            // Whoever waits for it is not told by anything else.
            signal.raise()
        case .readyDegraded(let filesExist):
            signal.setPause(Self.pause)
            board.update { facts in
                facts.isDegraded = !facts.isCurrent
                facts.lacksFiles = !filesExist
            }
            let remedy =
                "; start etcd, or set endpoints in [etcd] to its address: each file is written as soon as it "
                + "answers"
            log.log(.readyDegraded, "\(line().text)\(filesExist ? "" : remedy)")
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
            board.listFound(last.list, since: last.since)
            publisher.offer(last.list)
        }
        driver.happened { machine, _ in machine.lastListOffered(exists: last != nil) }
    }

    /// A file whose disk does not answer counts as missing.
    private func checkFiles() async {
        let paths = outputs()
        let found = await publisher.modificationTimes(of: paths)
        let allExist = paths.allSatisfy { found[$0] != nil }
        driver.happened { machine, _ in machine.filesChecked(allExist: allExist) }
    }

    private func line() -> StatusLine {
        StatusLine(
            facts: board.current,
            registrations: session.statuses,
            lease: session.leaseID,
            outputs: publisher.statuses,
            reloadFaults: reloader.faults,
            drains: session.drains
        )
    }

    /// Sends STATUS=, together with `notifications`; without any only when it says something new.
    /// The one place that does, so that what was said last is known.
    private func tell(_ notifications: [Notification] = [], status: String? = nil) {
        said.withLock { said in
            let text = status ?? line().text
            guard !notifications.isEmpty || said != text else { return }
            said = text
            do throws(SystemdError) {
                try notifier.send(notifications + [.status(text)])
            } catch {
                log.log(.notificationFailed, error.message)
            }
        }
    }

    private func writeStatusFile() { statusFile.put(StatusDocument(line())) }

    /// On the thread that may wait for the disk, and only there: nobody else waits for the lock.
    private static func write(
        _ document: StatusDocument,
        to file: borrowing Mutex<File>,
        _ log: Logger
    ) {
        file.withLock { file in
            do throws(FileError) {
                try file.file.update(document)
                file.trouble = nil
            } catch {
                if file.trouble != error { log.log(.statusFileNotWritten, "\(error)") }
                file.trouble = error
            }
        }
    }
}
