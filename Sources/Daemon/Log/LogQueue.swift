package import Files
import FoundationEssentials
package import Logging
import Machines
import Synchronization

/// Has the log written on a thread of its own: a journal that hangs, or a pipe that nobody reads, holds up nothing
/// but the log.
///
/// Entries are written in the order in which they came. So many may wait; what comes while they do is left out, and
/// how much that was is logged as soon as half of them are written. The newest are left out and not the oldest: these
/// tell how it began. An entry that waited for long says when it came, in `logged_at`.
package final class LogQueue: Sendable {
    /// How much may wait.
    struct Limits: Sendable {
        /// Entries: those of a start with thousands of services.
        var count = 8192
        /// Bytes of their messages.
        var bytes = 4 << 20
        /// After so long an entry says when it came.
        var late = Duration.seconds(1)
    }

    private struct Entry: Sendable {
        let event: LogEvent
        let handler: any LogHandler
        let bytes: Int
        let came = ContinuousClock.now
    }

    private struct State {
        var waiting = 0
        var bytes = 0
        var leftOut = 0
    }

    private let limits: Limits
    private let thread: BlockingThread
    private let state = Mutex(State())

    /// - Parameter thread: Writes the log and nothing else.
    package convenience init(on thread: BlockingThread) {
        self.init(on: thread, limits: Limits())
    }

    init(on thread: BlockingThread, limits: Limits) {
        self.thread = thread
        self.limits = limits
    }

    /// A handler whose entries `handler` writes, on the thread of the queue.
    package func handler(_ handler: any LogHandler) -> QueuedLogHandler {
        QueuedLogHandler(handler: handler, queue: self)
    }

    /// Waits until all that was logged is written; where nobody takes the log, for `limit`, and where it is taken
    /// slowly, for twice as long at most. On cancellation it waits no longer.
    package func flush(within limit: Duration) async {
        for _ in 0..<2 {
            let before = state.withLock { $0.waiting }
            // Both that the time is over and that the task is cancelled say that not all is written.
            let isDone = (try? await within(limit) { [thread] in await thread.run { true } }) ?? nil
            let after = state.withLock { $0.waiting }
            if isDone == true || after >= before || Task.isCancelled { return }
        }
    }

    fileprivate func put(_ event: LogEvent, for handler: any LogHandler) {
        let entry = Entry(
            event: event,
            handler: handler,
            bytes: event.message.description.utf8.count
        )
        let hasRoom = state.withLock { state in
            // One that is as long as all may be together is written when there is no other.
            guard state.waiting < limits.count,
                state.waiting == 0 || state.bytes + entry.bytes <= limits.bytes
            else {
                state.leftOut += 1
                return false
            }
            state.waiting += 1
            state.bytes += entry.bytes
            return true
        }
        guard hasRoom else { return }
        // The system has no thread to give: the log is worth a wait.
        if !thread.add({ [self] in write(entry) }) { write(entry) }
    }

    private func write(_ entry: Entry) {
        var event = entry.event
        let waited = entry.came.duration(to: .now)
        if waited >= limits.late {
            let came = Date.now.addingTimeInterval(-(waited / .seconds(1)))
            event.metadata = (event.metadata ?? [:])
                .merging(["logged_at": "\(came.ISO8601Format())"]) { own, _ in own }
        }
        entry.handler.log(event: event)
        let leftOut = state.withLock { state in
            state.waiting -= 1
            state.bytes -= entry.bytes
            guard state.waiting <= limits.count / 2, state.bytes <= limits.bytes / 2 else {
                return 0
            }
            defer { state.leftOut = 0 }
            return state.leftOut
        }
        guard leftOut > 0 else { return }
        Logger(label: "discoveryd") { _ in entry.handler }.log(.logEntriesLeftOut, "\(leftOut)")
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
