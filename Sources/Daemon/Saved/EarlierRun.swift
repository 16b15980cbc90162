import Files
import Logging
import Registry

/// Reads what the last run left, before this one begins.
struct EarlierRun: Sendable {
    /// Its lease, to be continued.
    var lease: SavedLease?
    /// What it was told to drain.
    var drains: [SavedDrain] = []
    /// The services that it had taken out because a check failed.
    var unwell: Set<ServiceKey> = []
    /// Whether there is a list of it, readable or not.
    var hasList = false

    /// Nothing was left.
    init() {}

    /// Which of these services it left registered: none where there is no lease to be continued.
    func left(of keys: Set<ServiceKey>) -> Set<ServiceKey> {
        lease == nil ? [] : keys.subtracting(unwell)
    }

    private init(reading directory: StateDirectory) {
        lease = directory.lease
        drains = directory.drains
        unwell = directory.unwell
        hasList = directory.hasLastList
    }

    /// How one of the tasks ended that wait for the disk.
    private enum Ending {
        case read(EarlierRun)
        case toldToEnd
        case irrelevant
    }

    /// How long nothing is said of a disk that hangs.
    private static let patience = Duration.seconds(5)
    private static let askEvery = Duration.milliseconds(100)

    /// Reads it. The daemon waits for this: without the saved drains it would put a draining service back in service.
    ///
    /// - Parameter isOver: Asked now and then whether the program is to end meanwhile.
    /// - Returns: `nil` when it is.
    static func read(
        from directory: StateDirectory?,
        on threads: BlockingThreads,
        isOver: @escaping @Sendable () -> Bool = { false },
        log: Logger
    ) async -> EarlierRun? {
        guard let directory else { return EarlierRun() }
        let thread = threads.directory(directory.path)
        return await withTaskGroup(of: Ending.self) { group in
            group.addTask {
                // Cancelled: it has been read.
                guard (try? await Task.sleep(for: patience)) != nil else { return .irrelevant }
                log.log(.stateDirectoryHangs, metadata: ["directory": "\(directory.path)"])
                return .irrelevant
            }
            group.addTask {
                while !isOver() {
                    // Cancelled: it has been read.
                    guard (try? await Task.sleep(for: askEvery)) != nil else { return .irrelevant }
                }
                return .toldToEnd
            }
            group.addTask {
                .read(await thread.run { EarlierRun(reading: directory) } ?? EarlierRun())
            }
            var found: EarlierRun?
            for await ending in group {
                switch ending {
                case .irrelevant: continue
                case .read(let run): found = run
                // Also when it was read at the same instant: nobody else hears of the signal.
                case .toldToEnd:
                    // Not waited for: the disk may hang for ever.
                    group.cancelAll()
                    return nil
                }
                group.cancelAll()
            }
            return found
        }
    }
}
