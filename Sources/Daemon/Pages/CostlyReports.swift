/// Makes reports that cost much one after the other: whoever asks for many at once takes one thread of the pool from
/// the daemon's work, and not all of them.
actor CostlyReports {
    /// Makes a report when it is its turn; without suspending, so that the next one waits.
    ///
    /// - Returns: `nil` when the task was cancelled meanwhile: nobody waits for it any more.
    func make<Report: Sendable>(_ report: @Sendable () -> Report) -> Report? {
        Task.isCancelled ? nil : report()
    }
}
