import CSystemd
import Glibc

/// A private connection to the system bus, used by the one thread that opened it and closed when it
/// goes out of scope. See ``BusThread``.
///
/// It pulls: no callbacks, one message after the other, so that what came first is seen first.
struct BusConnection: ~Copyable {
    private let bus: OpaquePointer
    private let wake: WakeSignal

    /// Opens a connection. What the bus has to say to that comes with the first ``next(until:)``.
    ///
    /// - Parameter wake: Ends every wait of this connection, once raised.
    init(wake: WakeSignal) throws(SystemdError) {
        var bus: OpaquePointer?
        let result = csystemd_bus_open_system(&bus)
        guard result >= 0, let bus else { throw .busUnreachable(errno: -result) }
        self.bus = bus
        self.wake = wake
    }

    deinit {
        csystemd_bus_close(self.bus)
    }

    /// Queues `call`, and does not wait.
    ///
    /// - Returns: What its answer will be known by: see ``BusMessage/answers``.
    func send(_ call: BusCall) throws(SystemdError) -> UInt64 {
        let copies = call.strings.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        let strings = copies.map { UnsafePointer<CChar>($0) }
        var cookie: UInt64 = 0
        let result =
            if let number = call.number {
                withUnsafePointer(to: number) { number in
                    csystemd_bus_send(
                        self.bus,
                        call.destination,
                        call.path,
                        call.interface,
                        call.member,
                        number,
                        strings,
                        strings.count,
                        &cookie
                    )
                }
            } else {
                csystemd_bus_send(
                    self.bus,
                    call.destination,
                    call.path,
                    call.interface,
                    call.member,
                    nil,
                    strings,
                    strings.count,
                    &cookie
                )
            }
        guard result >= 0 else { throw .busUnreachable(errno: -result) }
        return cookie
    }

    /// The next message, waited for until `deadline`.
    ///
    /// - Returns: `nil` when the deadline passed first.
    /// - Throws: ``SystemdError/Code/busUnreachable`` when the connection is gone, and
    ///   ``SystemdError/Code/cancelled`` when it was woken.
    func next(until deadline: ContinuousClock.Instant?) throws(SystemdError) -> BusMessage? {
        while true {
            var message: OpaquePointer?
            let result = csystemd_bus_next(self.bus, &message)
            guard result >= 0 else { throw .busUnreachable(errno: -result) }
            if let message { return BusMessage(message) }
            let left = deadline.map { ContinuousClock.now.duration(to: $0) }
            if let left, left <= .zero { return nil }
            try self.wait(for: left)
        }
    }

    private func wait(for time: Duration?) throws(SystemdError) {
        let result = csystemd_bus_wait(
            self.bus,
            self.wake.descriptor,
            time.map(Self.microseconds) ?? UInt64.max
        )
        guard result != -ECANCELED else { throw .cancelled() }
        guard result >= 0 else { throw .busUnreachable(errno: -result) }
    }

    /// `duration`, which is positive, in microseconds, rounded up: less would be polling near the end.
    private static func microseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        // A year is as good as for ever, and far from overflowing.
        return UInt64(min(seconds, 31_536_000)) * 1_000_000
            + UInt64(attoseconds / 1_000_000_000_000) + 1
    }

    /// Sends `call` and waits for its answer until `deadline`; other messages that come before it are
    /// shown to `others`.
    ///
    /// - Throws: What ``next(until:)`` throws; ``SystemdError/Code/busTimedOut``; what the answer is
    ///   when it is an error, see ``SystemdError/refused(by:)``.
    func answer(
        to call: BusCall,
        until deadline: ContinuousClock.Instant,
        others: (borrowing BusMessage) throws(SystemdError) -> Void = { _ throws(SystemdError) in }
    ) throws(SystemdError) -> BusMessage {
        let cookie = try self.send(call)
        while let message = try self.next(until: deadline) {
            guard message.answers == cookie else {
                try others(message)
                continue
            }
            if let refusal = message.refusal { throw .refused(refusal) }
            return message
        }
        throw .busTimedOut()
    }
}

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
