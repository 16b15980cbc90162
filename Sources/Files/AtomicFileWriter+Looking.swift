import Glibc

extension AtomicFileWriter {
    /// Looks whether a file could be written: what ``write(_:to:access:)`` would fail with at once, as far as
    /// that can be known without writing. Whether there is room, and whether a file may be given to another
    /// owner, cannot.
    ///
    /// - Parameter path: Absolute.
    /// - Throws: ``FileError``.
    ///
    /// See faccessat(2): for the user and the groups that this process acts as.
    public func look(at path: String) throws(FileError) {
        let directory = try SystemCall.openDirectory.make(on: path, fault: fault) {
            open(FileError.directory(of: path), O_DIRECTORY | O_CLOEXEC)
        }
        defer { close(directory) }
        try OutputDirectory.refuseUnlessRegular(path, in: directory, fault)
        try Self.mayChange(".", in: directory, path)
        let name = Self.stagingName
        var status = stat()
        guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
        // As when it is opened: what is no directory, a link to one included, does not do.
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw FileError(path, .openStaging, errno: ENOTDIR)
        }
        try Self.mayChange(name, in: directory, path)
    }

    private static func mayChange(
        _ name: String,
        in directory: Int32,
        _ path: String
    ) throws(FileError) {
        guard faccessat(directory, name, W_OK | X_OK, AT_EACCESS) != 0 else { return }
        throw FileError(path, .mkdirat, errno: Glibc.errno)
    }
}
