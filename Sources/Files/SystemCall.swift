import Glibc

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
