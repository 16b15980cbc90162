import CAllocator

/// Memory that nobody uses. Of its own accord the allocator keeps what a burst has left for the next one, which for a
/// daemon may never come, and the kernel maps code until memory is scarce.
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

    /// Gives back the code and the constants that are mapped; they stay in the kernel's page cache. What is needed again
    /// costs a fault for each 64 KiB, so a few hundred microseconds.
    static func unmapCode() { callocator_unmap_program() }

    /// Gives back now and then, a while after `bursts` tells of a list that was read or has changed a lot; the first time
    /// also the code, most of which only the start needs.
    static func giveBack(after bursts: AsyncStream<Void>) async {
        var isStart = true
        for await _ in bursts {
            // Cancelled: the daemon ends, and its memory with it.
            guard (try? await Task.sleep(for: .seconds(5))) != nil else { return }
            giveBack()
            if isStart { unmapCode() }
            isStart = false
        }
    }
}
