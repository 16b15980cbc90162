import EndpointFiles
import Glibc
import Logging
import Registry
import ServiceLifecycle
import Synchronization
import Systemd

/// Tells systemd, and whoever reads the status file, how the daemon is. Stops first, so that
/// STOPPING=1 comes before anything is taken down.
final class Teller: Service {
    private struct Said: Sendable {
        var line = ""
        var file: StatusFile
        var fileTrouble: FileError?
    }

    private let board: StatusBoard
    private let session: RegistrationSession
    private let publisher: EndpointPublisher
    private let outputs: @Sendable () -> [String]
    private let notifier: Notifier
    private let signal: ChangeSignal
    private let log: Logger
    private let driver: MachineDriver<ReadinessMachine>
    private let said: Mutex<Said>

    /// - Parameter outputs: The paths of the files that are configured now.
    init(
        board: StatusBoard,
        session: RegistrationSession,
        publisher: EndpointPublisher,
        outputs: @escaping @Sendable () -> [String],
        startTimeout: Duration,
        notifier: Notifier,
        signal: ChangeSignal,
        statusFile: String,
        log: Logger
    ) {
        self.board = board
        self.session = session
        self.publisher = publisher
        self.outputs = outputs
        self.notifier = notifier
        self.signal = signal
        self.log = log
        driver = MachineDriver(ReadinessMachine(timeout: startTimeout), timeline: Timeline())
        said = Mutex(Said(file: StatusFile(path: statusFile)))
    }

    /// Proof of progress; see ``MachineDriver/laps``.
    var laps: UInt64 { driver.laps }

    /// Sends the loop round once.
    func poke() { driver.poke() }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                group.addTask { [self] in await driver.run { [self] in begin($0) } }
                signal.raise()
                for await _ in signal.changes { changed() }
                group.cancelAll()
            }
        }
        board.update { $0.isStopping = true }
        tell([.stopping])
        tellStatus()
    }

    private func changed() {
        let facts = board.current
        let isSettled = session.isSettled && facts.withoutAddress.isEmpty
        // The files show our own registrations too: a unit ordered after us may look for them.
        let registered = session.statuses.values.compactMap { status in
            if case .registered(_, let revision) = status { revision } else { nil }
        }
        let isListed = registered.allSatisfy { $0 <= facts.list?.revision ?? .zero }
        let hasWrittenAll = isListed && publisher.isUpToDate
        driver.happened { machine, _ in
            machine.progressed(isSettled: isSettled, hasWrittenAll: hasWrittenAll)
        }
        tellStatus()
    }

    private func begin(_ action: ReadinessMachine.Action) -> MachineDriver<ReadinessMachine>.Work? {
        switch action {
        case .ready:
            log.notice("ready")
            tell([.ready, .status(line().text)])
        case .readyDegraded:
            board.update { $0.isDegraded = !$0.isCurrent }
            log.warning(
                "ready, but degraded: etcd did not answer in time; the files are what there is"
            )
            tell([.ready, .status(line().text)])
        case .extendTimeout(let duration):
            tell([.extendTimeout(duration), .status(line().text)])
        case .checkFiles:
            let allExist = outputs().allSatisfy { access($0, F_OK) == 0 }
            driver.happened { machine, _ in machine.filesChecked(allExist: allExist) }
        }
        return nil
    }

    private func line() -> StatusLine {
        StatusLine(
            facts: board.current,
            registrations: session.statuses,
            lease: session.leaseID,
            outputs: publisher.statuses
        )
    }

    private func tellStatus() {
        let line = line()
        let text = line.text
        let isNews = said.withLock { said in
            defer { said.line = text }
            return said.line != text
        }
        if isNews { tell([.status(text)]) }
        said.withLock { said in
            do throws(FileError) {
                try said.file.update(StatusDocument(line))
                said.fileTrouble = nil
            } catch {
                if said.fileTrouble != error { log.warning("the status file: \(error)") }
                said.fileTrouble = error
            }
        }
    }

    private func tell(_ notifications: [Notification]) {
        do throws(SystemdError) {
            try notifier.send(notifications)
        } catch {
            log.warning("\(error.message)")
        }
    }
}
