package import Files
package import Logging
import Machines
import Synchronization

/// Has the log written on a thread of its own: a journal that hangs, or a pipe that nobody reads, holds up nothing
/// but the log.
///
/// Entries are written in the order in which they came. So many may wait; what comes while they do is left out, and
/// how much that was is logged as soon as half of them are written. The newest are left out and not the oldest: these
/// tell how it began.
package final class LogQueue: Sendable {
    private struct State {
        var waiting = 0
        var leftOut = 0
    }

    /// How many entries may wait: those of a start with thousands of services, and some MB at most.
    private let capacity: Int
    private let thread: BlockingThread
    private let state = Mutex(State())

    /// - Parameter thread: Writes the log and nothing else.
    package init(on thread: BlockingThread, capacity: Int = 8192) {
        self.thread = thread
        self.capacity = capacity
    }

    /// A handler whose entries `handler` writes, on the thread of the queue.
    package func handler(_ handler: any LogHandler) -> QueuedLogHandler {
        QueuedLogHandler(handler: handler, queue: self)
    }

    /// Waits until all that was logged is written, or for `limit` at most: where nobody takes the log it ends all the
    /// same. On cancellation it waits no longer.
    package func flush(within limit: Duration) async {
        // Both say that the time is over.
        _ = try? await Machines.within(limit) { [thread] in await thread.run {} }
    }

    fileprivate func put(_ event: LogEvent, for handler: any LogHandler) {
        let hasRoom = state.withLock { state in
            guard state.waiting < capacity else {
                state.leftOut += 1
                return false
            }
            state.waiting += 1
            return true
        }
        guard hasRoom else { return }
        // The system has no thread to give: the log is worth a wait.
        if !thread.add({ [self] in write(event, handler) }) { write(event, handler) }
    }

    private func write(_ event: LogEvent, _ handler: any LogHandler) {
        handler.log(event: event)
        let leftOut = state.withLock { state in
            state.waiting -= 1
            guard state.waiting <= capacity / 2 else { return 0 }
            defer { state.leftOut = 0 }
            return state.leftOut
        }
        guard leftOut > 0 else { return }
        Logger(label: "discoveryd") { _ in handler }.log(.logEntriesLeftOut, "\(leftOut)")
    }
}

/// Leaves what is logged to a ``LogQueue``.
package struct QueuedLogHandler: LogHandler {
    fileprivate var handler: any LogHandler
    fileprivate let queue: LogQueue

    package var logLevel: Logger.Level {
        get { handler.logLevel }
        set { handler.logLevel = newValue }
    }

    package var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    package func log(event: LogEvent) { queue.put(event, for: handler) }
}
