import Logging
import Registry

/// What the last run left, as it was read before this one began.
struct EarlierRun: Sendable {
    /// Its lease, to be continued.
    var lease: KeptLease?
    /// What it was told to drain.
    var drains: [KeptDrain] = []
    /// The services that it had taken out because a check failed.
    var unwell: Set<ServiceKey> = []
    /// Whether there is a list of it, readable or not.
    var hasList = false

    /// Nothing was left.
    init() {}

    private init(reading directory: StateDirectory) {
        lease = directory.lease
        drains = directory.drains
        unwell = directory.unwell
        hasList = directory.hasLastList
    }

    /// How long nothing is said of a disk that hangs.
    private static let patience = Duration.seconds(5)

    /// Reads it. There is no beginning without: a service that drains would be put in service.
    static func read(
        from directory: StateDirectory?,
        on threads: BlockingThreads,
        log: Logger
    ) async -> EarlierRun {
        guard let directory else { return EarlierRun() }
        let thread = threads.directory(directory.path)
        return await withTaskGroup { group in
            group.addTask {
                // Cancelled: it has been read.
                guard (try? await Task.sleep(for: patience)) != nil else { return }
                log.warning(
                    "the start waits for the state directory, whose disk does not answer",
                    metadata: ["directory": "\(directory.path)"]
                )
            }
            defer { group.cancelAll() }
            return await thread.run { EarlierRun(reading: directory) } ?? EarlierRun()
        }
    }
}
