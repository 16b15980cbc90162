import Dispatch
import Synchronization

/// Has what may wait for a disk done on threads that may: Swift's own must never wait, there are only as many
/// as processors, and everything else that the daemon does is on them.
///
/// What is for one directory is done in order; a directory that hangs holds up no other one.
final class DiskQueues: Sendable {
    /// How long what is under way may take after a cancellation, before it is left to itself.
    private static let grace = DispatchTimeInterval.seconds(1)

    private let queues = Mutex<[String: DispatchQueue]>([:])

    /// Does work that may wait for the directory of a file.
    ///
    /// - Returns: What it returned; `nil` when the task was cancelled and it did not end soon. It goes on
    ///   then, and nobody hears of it.
    func run<Value: Sendable>(
        at path: String,
        _ work: @escaping @Sendable () -> Value
    ) async -> Value? {
        let waiting = Waiting<Value>()
        let queue = queue(of: FileError.directory(of: path))
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiting.begin(continuation)
                queue.async { waiting.end(with: work()) }
            }
        } onCancel: {
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.grace) {
                waiting.end(with: nil)
            }
        }
    }

    private func queue(of directory: String) -> DispatchQueue {
        queues.withLock { queues in
            if let known = queues[directory] { return known }
            let new = DispatchQueue(label: "disk \(directory)")
            queues[directory] = new
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
