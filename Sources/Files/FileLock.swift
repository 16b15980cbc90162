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

/// The process that has a lock.
package struct LockHolder: Hashable, Sendable, CustomStringConvertible {
    /// Its process id.
    package let process: Int32
    /// The unit of systemd that it belongs to, if it does.
    package let unit: String?

    /// The process, and its unit.
    package var description: String {
        "process \(process)" + (unit.map { " of \($0)" } ?? "")
    }

    /// Finds who has the lock of flock(2) on an open file; see proc_locks(5). `nil` where the system does not tell,
    /// as in the unit's sandbox.
    init?(of descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, let locks = Self.read("/proc/locks") else {
            return nil
        }
        // 1: FLOCK  ADVISORY  WRITE 4711 00:2e:1234567 0 EOF
        let place = Self.place(of: status)
        var found: Int32?
        for line in locks.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 8, words[1] == "FLOCK", words[5] == place,
                let process = Int32(words[4]), process > 0, process != getpid()
            else { continue }
            found = process
        }
        guard let found else { return nil }
        process = found
        let groups = Self.read("/proc/\(found)/cgroup") ?? ""
        unit = groups.split { $0 == "/" || $0 == "\n" }.last { $0.hasSuffix(".service") }
            .map(String.init)
    }

    /// The device and the inode, as the kernel writes them there; see makedev(3).
    private static func place(of status: stat) -> String {
        let device = UInt64(status.st_dev)
        let major = (device >> 8 & 0xfff) | (device >> 32 & ~0xfff)
        let minor = (device & 0xff) | (device >> 12 & ~0xff)
        let parts = [major, minor].map { part in
            let digits = String(part, radix: 16)
            return digits.utf8.count < 2 ? "0\(digits)" : digits
        }
        return "\(parts[0]):\(parts[1]):\(status.st_ino)"
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 * 1024)
        // A host has a few hundred locks; what is longer than this is not read to its end.
        while bytes.count < 1 << 20 {
            let count = Glibc.read(file, &block, block.count)
            guard count > 0 else { break }
            bytes += block.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
