import Glibc
import Texts

/// An error of writing or reading a file: a code to branch on, a sentence with the remedy, and the
/// system call underneath.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Hashable, Sendable {
        /// The directory of the file does not exist.
        case directoryMissing
        /// The file system or the sandbox is read-only there, or we may not.
        case notPermitted
        /// The disk or the quota is full.
        case noSpace
        /// The target is a symbolic link, a directory, a device: anything but a regular file.
        case notARegularFile
        /// The target is a mount point of its own, so it cannot be replaced.
        case isAMountPoint
        /// The staging directory belongs to somebody else, or others can write to it.
        case notOurs
        /// Anything else.
        case other
    }

    /// The kind of failure.
    public let code: Code
    /// The file that was to be written or read.
    public let path: String
    /// The system call that failed, such as `renameat`.
    public let call: String
    /// Its errno; zero when our own check refused.
    public let errno: Int32
    /// A sentence for people, with the remedy.
    public let message: String

    package init(code: Code, path: String, call: String, errno: Int32, message: String) {
        self.code = code
        self.path = path
        self.call = call
        self.errno = errno
        self.message = message
    }

    /// The path and the sentence.
    public var description: String { "\(path): \(message)" }
}

/// The one place where an errno becomes a ``FileError``.
extension FileError {
    init(_ path: String, _ call: SystemCall, errno: Int32) {
        let directory = Self.directory(of: path)
        let (code, message): (Code, String) =
            switch errno {
            case EPERM where call == .fchown:
                (
                    .notPermitted,
                    "giving the file to another owner or group is not permitted; under systemd add "
                        + "what Examples/owner/owner.conf shows"
                )
            case ENOENT:
                (.directoryMissing, "the directory \(directory) does not exist; create it")
            case EROFS, EACCES, EPERM:
                (
                    .notPermitted,
                    "writing is not permitted here; under systemd add ReadWritePaths=\(directory) with "
                        + "'systemctl edit discoveryd', and let the daemon's user write to the directory"
                )
            case ENOSPC: (.noSpace, "the disk is full; make room, it is retried")
            case EDQUOT: (.noSpace, "the disk quota is exceeded; make room, it is retried")
            case EBUSY:
                (
                    .isAMountPoint,
                    "the file is a mount point and cannot be replaced; mount its directory instead"
                )
            case EXDEV:
                (
                    .isAMountPoint,
                    "the staging directory \(directory)/\(AtomicFileWriter.stagingName) is another "
                        + "mount; unmount it"
                )
            case ELOOP, ENOTDIR, EISDIR:
                (
                    .notARegularFile,
                    "a part of the path is a symbolic link or not a directory; use the real path"
                )
            default: (.other, "\(errnoText(errno)) (\(call.rawValue))")
            }
        self.init(
            code: code,
            path: path,
            call: call.rawValue,
            errno: errno,
            message: message
        )
    }

    static func notARegularFile(_ path: String, _ kind: String) -> FileError {
        FileError(
            code: .notARegularFile,
            path: path,
            call: SystemCall.fstatat.rawValue,
            errno: 0,
            message:
                "this is \(kind), and only a regular file is replaced; remove it or write elsewhere"
        )
    }

    /// The staging directory is another user's, who could put a link in the place of what is staged.
    static func notOurs(_ path: String, owner: UInt32) -> FileError {
        notOurs(
            path,
            "belongs to another user, number \(owner), who could swap what is staged there; remove it, or run "
                + "discoveryd as that user"
        )
    }

    /// The staging directory is ours, and others can put a link in the place of what is staged.
    static func othersCanWrite(_ path: String, mode: UInt32) -> FileError {
        notOurs(
            path,
            "can be written to by others, mode 0\(String(mode, radix: 8)), who could swap what is staged there; "
                + "remove it, it is created again"
        )
    }

    private static func notOurs(_ path: String, _ what: String) -> FileError {
        FileError(
            code: .notOurs,
            path: path,
            call: SystemCall.openStaging.rawValue,
            errno: 0,
            message:
                "the staging directory \(directory(of: path))/\(AtomicFileWriter.stagingName) \(what)"
        )
    }

    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// The system calls of the write path, so that a test can make each of them fail.
public enum SystemCall: String, CaseIterable, Sendable {
    case openDirectory = "open directory"
    case mkdirat
    case openStaging = "open staging directory"
    case fstat
    case fstatat
    case openat
    case write
    case fsync
    case close
    case fchmod
    case fchown
    case renameat
    case fsyncDirectory = "fsync directory"
    case read
    case flock
}

/// Asked before each system call for an errno to fail with instead; `nil` lets it happen.
public typealias FileFault = @Sendable (SystemCall) -> Int32?

extension SystemCall {
    /// Makes the call, again when a signal interrupted it.
    ///
    /// - Returns: What the call returned, never negative.
    /// - Throws: ``FileError`` with its errno.
    @discardableResult
    func make<Result: SignedInteger>(
        on path: String,
        fault: FileFault,
        _ call: () -> Result
    ) throws(FileError) -> Result {
        if let errno = fault(self) { throw FileError(path, self, errno: errno) }
        while true {
            let result = call()
            if result >= 0 { return result }
            // Read once: anything in between could change it.
            let number = Glibc.errno
            if number != EINTR { throw FileError(path, self, errno: number) }
        }
    }
}
