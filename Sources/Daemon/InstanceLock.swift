import EndpointFiles
package import Files
package import Logging
import Systemd

/// Keeps a second daemon off the files of this one: the status file, and what one run leaves for the next. It
/// would say "stopped" for both, and end the first one's lease with its own.
package struct InstanceLock: Sendable {
    /// Another daemon has one of the files.
    package struct Held: Error, CustomStringConvertible {
        /// The file.
        package let path: String
        let holder: LockHolder?
        /// Whether it gives it up soon.
        let isEnding: Bool

        /// Names the holder, with the remedy.
        package var description: String {
            "it holds \(path)\(holder.map { ": \($0)" } ?? ""); stop it first, or give this one a "
                + "--status-file and a --state-directory of its own"
        }
    }

    /// How often a lock is asked for that nobody can be seen to give up: a program that is just being started has it
    /// for a moment, from its fork to its exec. Counted, since on a machine that stands still nobody gives one up.
    private static let mostTries = 10
    private static let askEvery = Duration.milliseconds(25)

    private let locks: [FileLock]

    /// Takes the locks for files. Waits for a daemon that is ending, and for no other.
    ///
    /// - Parameters:
    ///   - patience: How long one that is ending is waited for.
    ///   - isOver: Asked now and then whether this program is to end before it has begun.
    ///   - waiting: Told once who is waited for.
    /// - Throws: ``Held``; `CancellationError`, also when it is to end.
    package static func take(
        for paths: [String],
        patience: Duration,
        isOver: () -> Bool = { false },
        waiting: (LockHolder?) -> Void,
        log: Logger
    ) async throws -> InstanceLock {
        let began = ContinuousClock.now
        var isSaid = false
        var tries = 0
        while true {
            do throws(Held) {
                return InstanceLock(locks: try taken(paths, log))
            } catch {
                tries += 1
                let isInVain =
                    error.isEnding
                    ? began.duration(to: .now) >= patience : tries >= mostTries
                guard !isInVain else { throw error }
                if error.isEnding, !isSaid {
                    isSaid = true
                    waiting(error.holder)
                }
            }
            if isOver() { throw CancellationError() }
            // Nobody tells when a lock of another process is given up.
            try await Task.sleep(for: askEvery)
        }
    }

    private static func taken(_ paths: [String], _ log: Logger) throws(Held) -> [FileLock] {
        var locks: [FileLock] = []
        for path in paths {
            let outcome: FileLock.Outcome
            do throws(FileError) {
                outcome = try FileLock.take(for: path)
            } catch {
                // Nothing can be written there either, which is said by whoever tries.
                log.debug("no lock: \(error)")
                continue
            }
            switch outcome {
            case .taken(let lock): locks.append(lock)
            case .held(let holder, let isEnding):
                throw Held(path: path, holder: holder, isEnding: isEnding)
            }
        }
        return locks
    }

    /// Tells daemons that start that this one is ending, so that they wait for it.
    package func end() {
        for lock in locks { lock.end() }
    }

    /// Gives the files to whoever comes next.
    package func release() {
        for lock in locks { lock.release() }
    }
}
