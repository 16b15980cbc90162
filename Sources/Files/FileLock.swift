import Glibc
import Synchronization

/// A lock that reserves a file for this process to write, for as long as the process lives.
///
/// A lock of flock(2) on a directory of the file's own in the staging directory. Children do not inherit it,
/// however the process ends it is gone, and the directory goes with ``release()``. It is not on the directory of
/// the file itself: whoever may read that could take the lock and keep it, and files of several processes may be
/// in there.
package final class FileLock: Sendable {
    /// The outcome of an attempt.
    package enum Outcome: Sendable {
        /// It is ours.
        case taken(FileLock)
        /// Another process has it, and gives it up soon if it is ending.
        case held(by: LockHolder?, isEnding: Bool)
    }

    private let place: OutputDirectory
    private let name: String
    private let descriptor: Int32
    private let isReleased = Atomic(false)

    /// Tries to take the lock for a file. Does not wait.
    ///
    /// - Throws: ``FileError`` when there is no place for a lock. Whoever cannot have one cannot write the file.
    package static func take(for path: String) throws(FileError) -> Outcome {
        let place = try OutputDirectory(lockingFor: path)
        let name = "\(FileError.name(of: path)).lock"
        // Whoever released it may have removed it between our two looks.
        for _ in 0..<100 {
            let descriptor = try open(name, in: place, path)
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                defer { close(descriptor) }
                guard errno == EWOULDBLOCK else { throw FileError(path, .flock, errno: errno) }
                let holder = LockHolder(of: descriptor)
                // One that is ending shares it.
                return .held(by: holder, isEnding: flock(descriptor, LOCK_SH | LOCK_NB) == 0)
            }
            if isSame(descriptor, name, in: place) {
                return .taken(FileLock(place: place, name: name, descriptor: descriptor))
            }
            close(descriptor)
        }
        throw FileError(path, .flock, errno: EAGAIN)
    }

    private init(place: consuming OutputDirectory, name: String, descriptor: Int32) {
        self.place = place
        self.name = name
        self.descriptor = descriptor
    }

    deinit { release() }

    /// Marks this process as ending, so that others wait for it.
    package func end() {
        guard !isReleased.load(ordering: .relaxed) else { return }
        // Nobody waits inside the system for it, so nobody gets it in between: see flock(2).
        _ = flock(descriptor, LOCK_SH | LOCK_NB)
    }

    /// Gives the lock up, and leaves nothing.
    package func release() {
        guard !isReleased.exchange(true, ordering: .relaxed) else { return }
        // Before it is given up: another's must not be removed.
        unlinkat(place.staging, name, AT_REMOVEDIR)
        close(descriptor)
    }

    private static func open(
        _ name: String,
        in place: borrowing OutputDirectory,
        _ path: String
    ) throws(FileError) -> Int32 {
        let staging = place.staging
        let none: FileFault = { _ in nil }
        do throws(FileError) {
            // For the daemon too when root has made it; nobody else can get here.
            try SystemCall.mkdirat.make(on: path, fault: none) { mkdirat(staging, name, 0o755) }
        } catch  where error.errno == EEXIST || error.errno == EROFS {
            // Another's, or one that was left behind.
        }
        return try SystemCall.openat.make(on: path, fault: none) {
            openat(staging, name, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
    }

    private static func isSame(
        _ descriptor: Int32,
        _ name: String,
        in place: borrowing OutputDirectory
    ) -> Bool {
        var (ours, there) = (stat(), stat())
        return fstat(descriptor, &ours) == 0
            && fstatat(place.staging, name, &there, AT_SYMLINK_NOFOLLOW) == 0
            && ours.st_ino == there.st_ino
    }
}
