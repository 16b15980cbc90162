import CAllocator

/// The allocator's memory that nobody uses. Of its own accord it keeps what a burst has left for the next one,
/// which for a daemon may never come.
package enum FreeMemory {
    /// So much may lie idle, in bytes: to take pages from the kernel and clear them costs more than to keep
    /// these.
    private static let idle = 16 << 20

    /// Has all threads allocate from few places: what one has freed another one uses. To be called before
    /// there is a second thread.
    package static func shareArenas() { callocator_limit_arenas(2) }

    /// Gives back to the kernel what lies idle, if it is much. Takes milliseconds.
    static func giveBack() {
        guard callocator_idle_bytes() > idle else { return }
        callocator_trim()
    }

    /// Gives back now and then, a while after `bursts` tells of a list that was read or has changed a lot.
    static func giveBack(after bursts: AsyncStream<Void>) async {
        for await _ in bursts {
            // Cancelled: the loop ends.
            try? await Task.sleep(for: .seconds(5))
            giveBack()
        }
    }
}
