import Glibc
import Synchronization

/// Runs blocking file system calls on threads of their own. Swift's cooperative pool has a thread per core, and
/// everything else that the daemon does runs on it.
///
/// Work for one directory runs in order; a directory that hangs delays no other.
final class DiskThreads: Sendable {
    /// The seconds that work under way may take after a cancellation before nobody waits for it any more.
    private static let grace: UInt32 = 1

    private let threads = Mutex<[String: DiskThread]>([:])

    /// Runs blocking work for a file, after all that was added for its directory before.
    ///
    /// - Returns: What it returned; `nil` when the task was cancelled and it did not end soon. It goes on
    ///   then, and nobody hears of it.
    func run<Value: Sendable>(
        at path: String,
        _ work: @escaping @Sendable () -> Value
    ) async -> Value? {
        let waiting = Waiting<Value>()
        let thread = thread(of: FileError.directory(of: path))
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiting.begin(continuation)
                thread.add { waiting.end(with: work()) }
            }
        } onCancel: {
            let isStarted = DiskThread.start {
                // On a thread of its own, so it may wait.
                sleep(Self.grace)
                waiting.end(with: nil)
            }
            if !isStarted { waiting.end(with: nil) }
        }
    }

    private func thread(of directory: String) -> DiskThread {
        threads.withLock { threads in
            if let known = threads[directory] { return known }
            let new = DiskThread()
            threads[directory] = new
            return new
        }
    }

    /// Somebody who waits, until the first end.
    private final class Waiting<Value: Sendable>: Sendable {
        private enum State {
            case new
            case waiting(CheckedContinuation<Value?, Never>)
            case ended
        }

        private let state = Mutex(State.new)

        func begin(_ continuation: CheckedContinuation<Value?, Never>) {
            let isOver = state.withLock { state in
                if case .ended = state { return true }
                state = .waiting(continuation)
                return false
            }
            if isOver { continuation.resume(returning: nil) }
        }

        func end(with value: Value?) {
            let continuation: CheckedContinuation<Value?, Never>? = state.withLock { state in
                defer { state = .ended }
                if case .waiting(let continuation) = state { return continuation }
                return nil
            }
            continuation?.resume(returning: value)
        }
    }
}

/// Runs one piece of work after the other, on a thread that lives while there is any.
///
/// Its users bound the queue: a publisher has one write and one check a file under way.
final class DiskThread: Sendable {
    typealias Work = @Sendable () -> Void

    private struct State {
        var works: [Work] = []
        var isRunning = false
    }

    private let state = Mutex(State())

    /// Does work after all that was added before it.
    func add(_ work: @escaping Work) {
        let isIdle = state.withLock { state in
            state.works.append(work)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        // A thread costs some tens of microseconds, a write of a file a hundred times that: it lives for as
        // long as there is work, and no longer.
        guard isIdle, !Self.start({ [self] in drain() }) else { return }
        // The system has no thread to give: late, but done.
        drain()
    }

    private func drain() {
        while let work = next() { work() }
    }

    private func next() -> Work? {
        state.withLock { state in
            guard !state.works.isEmpty else {
                state.isRunning = false
                return nil
            }
            return state.works.removeFirst()
        }
    }

    /// Starts a thread that runs `body`.
    ///
    /// - Returns: Whether there was one to be had; see pthread_create(3).
    static func start(_ body: @escaping Work) -> Bool {
        // The process's signals are for the threads that were there before.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let box = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            },
            box.toOpaque()
        )
        guard result == 0 else {
            box.release()
            return false
        }
        // Nobody joins it: that it is done is told by what it does last.
        pthread_detach(thread)
        return true
    }

    private final class Box: Sendable {
        let body: Work

        init(_ body: @escaping Work) {
            self.body = body
        }
    }
}
