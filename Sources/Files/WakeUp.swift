import Glibc

/// Lets one thread sleep until another wakes it; see sem_overview(7).
final class WakeUp: Sendable {
    /// The semaphore's address: what may be used from any thread is the C library's business.
    private let address: UInt

    init() {
        let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        // Fails only for a count that is out of range.
        sem_init(semaphore, 0, 0)
        address = UInt(bitPattern: semaphore)
    }

    deinit {
        guard let semaphore else { return }
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    private var semaphore: UnsafeMutablePointer<sem_t>? {
        UnsafeMutablePointer(bitPattern: address)
    }

    /// Wakes the thread, or the next that would sleep.
    func signal() {
        if let semaphore { sem_post(semaphore) }
    }

    /// Sleeps.
    ///
    /// - Returns: Whether it was woken; `false` when the time is over.
    @discardableResult
    func wait(for limit: Duration) -> Bool {
        guard limit > .zero, let semaphore else { return false }
        var now = timespec()
        // A wall clock that is set makes one wait longer or shorter; Swift is not shown sem_clockwait(3).
        clock_gettime(CLOCK_REALTIME, &now)
        let (seconds, attoseconds) = limit.components
        let nanoseconds = now.tv_nsec + Int(attoseconds / 1_000_000_000)
        var end = timespec(
            tv_sec: now.tv_sec + Int(seconds) + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000
        )
        while sem_timedwait(semaphore, &end) != 0 {
            if errno != EINTR { return false }
        }
        return true
    }
}
