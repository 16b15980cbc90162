import EndpointFiles
import Files
import Logging
import Machines
import Registry
import ServiceLifecycle

/// Saves which lease is ours, so that the next run goes on with it. Whoever saves waits for no disk.
final class LeaseStore: Service {
    /// How long the end of the daemon waits for the disk.
    private static let patience = Duration.seconds(2)

    private let directory: StateDirectory?
    private let thread: BlockingThread
    private let log: Logger
    private let writer: CoalescingWriter<SavedLease?>?

    /// - Parameter directory: Where; nothing is saved without one.
    init(_ directory: StateDirectory?, threads: BlockingThreads = BlockingThreads(), log: Logger) {
        self.directory = directory
        self.log = log
        let thread = threads.directory(directory?.path ?? "/")
        self.thread = thread
        let failures = SaveFailures(.leaseNotSaved, log: log)
        // Only the newest lease is worth anything.
        writer = directory.map { directory in
            CoalescingWriter<SavedLease?>(on: thread) { lease in
                guard let lease else { return directory.forgetLease() }
                failures.note { () throws(FileError) in try directory.save(lease) }
            }
        }
    }

    /// Whether the next run would find this lease. A disk that does not answer will not be found to have it.
    func hasSaved(_ lease: LeaseID?) async -> Bool {
        guard let lease, let directory else { return false }
        // Behind what is still to be written. Throws when it is cancelled: then it does not count as saved.
        let isFound = try? await within(Self.patience) { [thread] in
            await thread.run { directory.lease?.id == lease } ?? false
        }
        return isFound ?? false
    }

    /// Saves a lease in the place of the one before; `nil` when there is none to go on with.
    func save(_ lease: SavedLease?) {
        writer?.put(lease)
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
