import Glibc

extension Duration {
    /// The CPU time that the calling thread has used so far; see clock_gettime(2).
    public static var usedByThread: Duration {
        var time = timespec()
        guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return .zero }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
