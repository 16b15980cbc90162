import Machines
import Synchronization

/// Writes the newest of its values on a thread that may block. Those that come while one is written replace one
/// another: nobody waits for the disk, and nothing piles up however long it hangs.
package final class CoalescingWriter<Value: Sendable>: Sendable {
    private struct State {
        var newest: Value?
        /// Whether the thread has been told.
        var isUnderWay = false
    }

    private let thread: BlockingThread
    private let write: @Sendable (Value) -> Void
    private let state = Mutex(State())

    /// - Parameter write: Writes a value, on the thread; called with one value after the other.
    package init(on thread: BlockingThread, write: @escaping @Sendable (Value) -> Void) {
        self.thread = thread
        self.write = write
    }

    /// Has a value written. Of two that are put one after the other the later one is written last.
    package func put(_ value: Value) {
        state.withLock { $0.newest = value }
        begin()
    }

    /// Waits until the newest value is written, or has failed to be.
    ///
    /// - Returns: `false` when that took longer than `limit`, or the task was cancelled.
    package func flush(within limit: Duration) async -> Bool {
        begin()
        // Behind the write that is under way, or about to be.
        let isDone = try? await within(limit) { [thread] in
            await thread.run { true } ?? false
        }
        return isDone ?? false
    }

    private func begin() {
        // Added under the lock: whoever flushes is behind it on the thread.
        state.withLock { state in
            guard state.newest != nil, !state.isUnderWay else { return }
            // When the system has no thread the next value, or whoever flushes, tries again.
            state.isUnderWay = thread.add { [self] in writeAll() }
        }
    }

    private func writeAll() {
        while let value = next() { write(value) }
    }

    private func next() -> Value? {
        state.withLock { state in
            guard let value = state.newest else {
                state.isUnderWay = false
                return nil
            }
            state.newest = nil
            return value
        }
    }
}
