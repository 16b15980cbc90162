import Glibc

/// Says, beside a file, that its reader has not taken it up yet: a reload that is owed when the daemon
/// ends is done by its next run.
package struct ReloadMark: Sendable {
    private let target: String
    private let name: String

    package init(of target: String) {
        self.target = target
        name = "\(FileError.name(of: target)).reload"
    }

    /// Whether an earlier run, or this one, owes the reload. Without a staging directory of ours nobody does.
    package var isSet: Bool {
        guard let place = try? OutputDirectory(existingOf: target) else { return false }
        var status = stat()
        return fstatat(place.staging, name, &status, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// Failing to is no harm: this run knows by itself what it owes.
    package func set(beside staged: StagedFile) {
        let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        let file = openat(staged.place.staging, name, flags, 0o600)
        guard file >= 0 else { return }
        // It may be there from a change before, and is set anew by this one. The time is not left to the kernel, whose clock
        // for files goes on every 4 ms: what is loaded within a tick would stay owed.
        let time = Self.clock
        futimens(file, [time, time])
        close(file)
    }

    /// Removes it, unless it was set at that moment or later: for a change that nobody had heard of by then.
    package func clear(unlessSetSince moment: Duration) {
        // In a staging directory that is missing or not ours there is no mark of ours.
        guard let place = try? OutputDirectory(existingOf: target) else { return }
        var status = stat()
        guard fstatat(place.staging, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
        let set = Duration.seconds(status.st_mtim.tv_sec) + .nanoseconds(status.st_mtim.tv_nsec)
        if set < moment { unlinkat(place.staging, name, 0) }
    }

    /// Now, by the clock by which marks are set: see clock_gettime(2), `CLOCK_REALTIME`.
    package static var now: Duration {
        let time = clock
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    private static var clock: timespec {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time
    }
}
