import Synchronization

/// The threads for calls that may hang: one for each thing that hangs by itself. All that use one of these for a
/// thing share its thread, and somebody can look at them all.
package final class BlockingThreads: Sendable {
    private struct Key: Hashable {
        var name: String
        var part: String
    }

    /// How all threads of a name stand.
    package struct Status: Hashable, Sendable {
        /// How many there are now.
        package var alive = 0
        /// How long the longest call under way has taken; zero when none is.
        package var busyFor = Duration.zero
    }

    private let threads = Mutex<[Key: BlockingThread]>([:])

    /// None yet.
    package init() {}

    /// The thread for a directory.
    package func directory(_ path: String) -> BlockingThread { thread(path) }

    /// The thread for a file: that of its directory.
    package func file(_ path: String) -> BlockingThread {
        guard let slash = path.lastIndex(of: "/") else { return thread(".") }
        return thread(slash == path.startIndex ? "/" : String(path[..<slash]))
    }

    /// The thread for a thing.
    ///
    /// - Parameters:
    ///   - part: Tells apart several of a name.
    ///   - linger: As ``BlockingThread`` has it.
    package func thread(
        _ name: String,
        part: String = "",
        linger: Duration = .seconds(10)
    ) -> BlockingThread {
        threads.withLock { threads in
            let key = Key(name: name, part: part)
            if let known = threads[key] { return known }
            let new = BlockingThread(name, linger: linger)
            threads[key] = new
            return new
        }
    }

    /// How they stand, by their names.
    package var statuses: [String: Status] {
        threads.withLock { $0 }.reduce(into: [:]) { statuses, entry in
            let status = entry.value.status
            statuses[entry.key.name, default: Status()].alive += status.isAlive ? 1 : 0
            if let busyFor = status.busyFor {
                let longest = statuses[entry.key.name]?.busyFor ?? .zero
                statuses[entry.key.name]?.busyFor = max(longest, busyFor)
            }
        }
    }
}
