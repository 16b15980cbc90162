internal import CSystemd
internal import Glibc

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
