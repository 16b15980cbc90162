import EndpointFiles
import FoundationEssentials
import HealthChecks
import Logging
import Registry
import Synchronization

/// Writes down which services are out because a check fails, so that the next run, which goes on with
/// this one's lease, does not take them for registered.
final class HealthKeeper: Sendable {
    private struct Kept: Sendable {
        var unwell: Set<ServiceKey>
        var trouble: FileError?
    }

    private let directory: StateDirectory?
    private let log: Logger
    private let kept: Mutex<Kept>

    /// - Parameter directory: Where; nothing is kept without one.
    init(_ directory: StateDirectory?, log: Logger) {
        self.directory = directory
        self.log = log
        kept = Mutex(Kept(unwell: directory?.unwell ?? []))
    }

    /// What of these services an earlier run left registered, if there was one.
    func left(of keys: Set<ServiceKey>) -> Set<ServiceKey> {
        guard directory?.lease != nil else { return [] }
        return keys.subtracting(kept.withLock { $0.unwell })
    }

    func reported(_ report: HealthReport) {
        kept.withLock { kept in
            let before = kept.unwell
            switch report {
            case .up(let key): kept.unwell.remove(key)
            case .down(let key, _): kept.unwell.insert(key)
            case .reasonChanged, .dampingBegan, .dampingEnded, .checkFailing: return
            }
            guard kept.unwell != before || kept.trouble != nil, let directory else { return }
            do throws(FileError) {
                try directory.keep(unwell: kept.unwell)
                kept.trouble = nil
            } catch {
                if kept.trouble != error {
                    log.warning("the health of services is not kept for the next run: \(error)")
                }
                kept.trouble = error
            }
        }
    }
}
