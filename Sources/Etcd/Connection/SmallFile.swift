import Glibc

/// A file that is read whole: a certificate, a key, a password.
enum SmallFile {
    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: Absolute.
    ///   - limit: The most bytes it may hold.
    ///   - setting: What the configuration calls it; for errors, which never repeat the content.
    /// - Throws: ``EtcdError`` `unusableFile`, with the remedy.
    static func read(_ path: String, limit: Int, as setting: String) throws(EtcdError) -> [UInt8] {
        // See open(2). Non-blocking, so that a pipe without a writer is an error and not a wait.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard file >= 0 else { throw unreadable(path, setting, errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw unreadable(path, setting, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw EtcdError(.unusableFile, "\(setting): \(path) is not a regular file")
        }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            // See read(2).
            let count = Glibc.read(file, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, setting, errno) }
            if count == 0 { return bytes }
            bytes += block.prefix(count)
            guard bytes.count <= limit else {
                throw EtcdError(
                    .unusableFile,
                    "\(setting): \(path) holds more than \(limit) bytes; is it the right file?"
                )
            }
        }
    }

    private static func unreadable(_ path: String, _ setting: String, _ code: Int32) -> EtcdError {
        let remedy =
            switch code {
            case ENOENT: "; create it, or name another"
            case EACCES, EPERM:
                "; the user that this runs as must be able to read it and to enter each directory "
                    + "on the way"
            default: ""
            }
        let text = String(cString: strerror(code))
        return EtcdError(.unusableFile, "\(setting): \(path) cannot be read: \(text)\(remedy)")
    }
}
