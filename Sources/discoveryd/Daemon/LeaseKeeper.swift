import EndpointFiles
import Files
import Logging
import Machines
import Registry
import ServiceLifecycle

/// Writes down which lease is ours, so that the next run goes on with it. Whoever reports waits for no disk.
final class LeaseKeeper: Service {
    private enum News: Sendable {
        case granted(KeptLease)
        case left
    }

    /// How long the end of the daemon waits for the disk.
    private static let patience = Duration.seconds(2)

    private let directory: StateDirectory?
    private let thread: BlockingThread
    private let log: Logger
    private let writer: CoalescingWriter<News>?

    /// - Parameter directory: Where; nothing is kept without one.
    init(_ directory: StateDirectory?, threads: BlockingThreads = BlockingThreads(), log: Logger) {
        self.directory = directory
        self.log = log
        let thread = threads.directory(directory?.path ?? "/")
        self.thread = thread
        let trouble = KeepTrouble(.leaseNotSaved, log: log)
        // Only the newest lease is worth anything.
        writer = directory.map { directory in
            CoalescingWriter<News>(on: thread) { news in
                switch news {
                case .left: directory.forgetLease()
                case .granted(let lease):
                    trouble.note { () throws(FileError) in try directory.keep(lease) }
                }
            }
        }
    }

    /// Whether the next run would find this lease. A disk that does not answer will not be found to have it.
    func keeps(_ lease: LeaseID?) async -> Bool {
        guard let lease, let directory else { return false }
        // Behind what is still to be written.
        let isFound = try? await within(Self.patience) { [thread] in
            await thread.run { directory.lease?.id == lease } ?? false
        }
        return isFound ?? false
    }

    func reported(_ report: RegistrationReport, _ settings: RegistrationMachine.Settings) {
        switch report {
        case .leaseGranted(let id, let term):
            writer?.put(.granted(KeptLease(id, of: term.clusterID, settings)))
        case .left(nil): writer?.put(.left)
        default: break
        }
    }

    /// Runs until the daemon stops, and then to the end of what the state directory is to hold: it is the last to
    /// go.
    func run() async throws {
        guard let directory, let writer else {
            // Cancelled: the daemon ends at once.
            _ = try? await gracefulShutdown()
            return
        }
        thread.add { directory.removeLeftovers() }
        // Cancelled: the daemon ends at once, and nothing is waited for.
        guard (try? await gracefulShutdown()) != nil else { return }
        if await !writer.flush(within: Self.patience) {
            log.log(.stateNotFlushed, metadata: ["directory": "\(directory.path)"])
        }
    }
}
