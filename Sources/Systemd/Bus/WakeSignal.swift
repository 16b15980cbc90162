internal import CSystemd
internal import Glibc

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
