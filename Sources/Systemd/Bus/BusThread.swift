import CSystemd
import Glibc

/// A thread on which one connection to the system bus lives and dies.
///
/// sd-bus must be used by one thread, and waits in poll(2). Swift's pool has a thread per processor
/// and none to spare for waiting, and it moves a task from one to another at each `await`. So each
/// connection gets a thread of its own, with a descriptor beside the bus's in poll(2) to end the wait.
/// A thread costs some tens of microseconds; a question is asked when the service stops, and the
/// watch keeps one for its life. An event loop for sd-bus would be more code, and still need a thread.
enum BusThread {
    /// Opens a connection and runs `body` with it, on a thread made for it. Returns when that thread
    /// is done: nothing is left running. On cancellation the wait under way in `body` ends at once.
    ///
    /// - Parameter body: Must do no waiting but the connection's.
    /// - Throws: What `body` throws; ``SystemdError/Code/busUnreachable`` when there is no bus, and
    ///   ``SystemdError/Code/cancelled``.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing BusConnection) throws(SystemdError) -> Value
    ) async throws(SystemdError) -> Value {
        let wake = try WakeSignal()
        let result: Result<Value, SystemdError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let started = Self.start {
                    continuation.resume(
                        returning: Result { () throws(SystemdError) in
                            let connection = try BusConnection(wake: wake)
                            return try body(connection)
                        }
                    )
                }
                if started != 0 {
                    continuation.resume(returning: .failure(.busNotAsked(errno: started)))
                }
            }
        } onCancel: {
            wake.raise()
        }
        return try result.get()
    }

    /// The closure that a thread runs.
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// Starts a thread that runs `body`; 0, or the errno for which it could not.
    private static func start(_ body: @escaping @Sendable () -> Void) -> Int32 {
        // The process's signals are for the threads that were there before.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument {
                    Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                }
                return nil
            },
            work.toOpaque()
        )
        guard result == 0 else {
            work.release()
            return result
        }
        // Nobody joins it: that it is done is said by what `body` does last.
        pthread_detach(thread)
        return 0
    }
}

/// Ends a wait in poll(2) from another thread: a descriptor that becomes readable once and stays so.
final class WakeSignal: Sendable {
    /// To be polled for input beside others.
    let descriptor: Int32

    init() throws(SystemdError) {
        self.descriptor = csystemd_wake_open()
        guard self.descriptor >= 0 else { throw .busNotAsked(errno: -self.descriptor) }
    }

    deinit {
        // After a failure too: closing what is no descriptor does nothing.
        close(self.descriptor)
    }

    /// Ends the wait, or the next one when there is none.
    func raise() {
        csystemd_wake_raise(self.descriptor)
    }
}
