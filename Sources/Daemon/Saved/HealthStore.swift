import EndpointFiles
import Files
import HealthChecks
import Logging
import Machines
import Registry
import Synchronization

/// Saves which services are out because a check fails, so that the next run, which goes on with
/// this one's lease, does not take them for registered.
///
/// Whoever reports waits for no disk: the registration has to hear of it at once.
final class HealthStore: Sendable {
    private let unwell: Mutex<Set<ServiceKey>>
    private let failures: SaveFailures
    private let writer: CoalescingWriter<Set<ServiceKey>>?

    /// - Parameters:
    ///   - directory: Where; nothing is saved without one.
    ///   - earlier: What the last run left.
    init(
        _ directory: StateDirectory?,
        earlier: EarlierRun,
        threads: BlockingThreads,
        log: Logger
    ) {
        unwell = Mutex(earlier.unwell)
        let failures = SaveFailures(.healthNotSaved, log: log)
        self.failures = failures
        writer = directory.map { directory in
            CoalescingWriter<Set<ServiceKey>>(on: threads.directory(directory.path)) { unwell in
                failures.note { () throws(FileError) in try directory.save(unwell: unwell) }
            }
        }
    }

    /// Saves a change of health.
    func record(_ report: HealthReport) {
        // Put under the lock: of two changes the later one is written last.
        unwell.withLock { unwell in
            let before = unwell
            switch report {
            case .up(let key): unwell.remove(key)
            case .down(let key, _): unwell.insert(key)
            case .reasonChanged, .dampingBegan, .dampingEnded, .checkFailing: return
            }
            if unwell != before || failures.last != nil { writer?.put(unwell) }
        }
    }
}
