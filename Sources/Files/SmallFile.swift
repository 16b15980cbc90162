import Glibc

/// Reads a file whole that is expected to be small: a certificate, a key, a password.
package enum SmallFile {
    /// Why a file was not read.
    package enum Fault: Error, Hashable, Sendable {
        /// open(2), fstat(2) or read(2) failed with this errno.
        case unreadable(errno: Int32)
        /// It is a directory, a pipe, a device or a socket.
        case notRegular
        /// It holds more bytes than the limit.
        case tooLarge
    }

    /// Reads a file; `/dev/null`, by which an administrator masks a file, is empty.
    ///
    /// - Parameters:
    ///   - path: Absolute.
    ///   - limit: The most bytes it may hold.
    package static func read(_ path: String, limit: Int) throws(Fault) -> [UInt8] {
        // See open(2). Non-blocking, so that a pipe without a writer is an error and not a wait.
        var file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        while file < 0, errno == EINTR {
            file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        }
        guard file >= 0 else { throw .unreadable(errno: errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .unreadable(errno: errno) }
        if isNullDevice(status) { return [] }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        return try rest(of: file, limit: limit)
    }

    /// Reads standard input to its end, whatever it is: for commands, which have nothing else to do meanwhile.
    ///
    /// - Parameter limit: The most bytes it may hold.
    package static func readStandardInput(limit: Int) throws(Fault) -> [UInt8] {
        try rest(of: STDIN_FILENO, limit: limit)
    }

    private static func rest(of file: Int32, limit: Int) throws(Fault) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            // See read(2).
            let count = Glibc.read(file, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(errno: errno) }
            if count == 0 { return bytes }
            bytes += block.prefix(count)
            guard bytes.count <= limit else { throw .tooLarge }
        }
    }

    /// Whether a file is `/dev/null`, by whatever name it was opened.
    private static func isNullDevice(_ status: stat) -> Bool {
        var null = stat()
        return status.st_mode & S_IFMT == S_IFCHR && stat("/dev/null", &null) == 0
            && null.st_rdev == status.st_rdev
    }
}
