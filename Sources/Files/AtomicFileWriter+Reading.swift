import Glibc

// What is there already.
extension AtomicFileWriter {
    /// Reads a regular file.
    ///
    /// - Parameter limit: The most bytes to read; a larger file counts as missing.
    /// - Returns: Its content, or `nil` when there is no such file.
    /// - Throws: ``FileError``.
    public func read(_ path: String, limit: Int = 256 * 1024 * 1024) throws(FileError) -> [UInt8]? {
        try open(path, limit: limit)?.bytes
    }

    /// Reads a file that is the owner's and the group's, and has the mode, that are asked for.
    ///
    /// - Returns: Its content, and what tells it from others; `nil` when there is no such file.
    /// - Throws: ``FileError``.
    package func read(
        _ path: String,
        having access: FileAccess
    ) throws(FileError) -> (bytes: [UInt8], identity: Identity)? {
        guard let (bytes, status) = try open(path, limit: 256 * 1024 * 1024),
            status.st_mode & 0o7777 == access.mode,
            (access.owner ?? status.st_uid) == status.st_uid,
            (access.group ?? status.st_gid) == status.st_gid
        else { return nil }
        return (bytes, Identity(status))
    }

    private func open(_ path: String, limit: Int) throws(FileError) -> (bytes: [UInt8], stat)? {
        let file: Int32
        do throws(FileError) {
            // A pipe would hold the open until somebody writes to it.
            file = try SystemCall.read.make(on: path, fault: fault) {
                Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            }
        } catch  where error.errno == ENOENT {
            return nil
        }
        defer { Glibc.close(file) }
        var status = stat()
        try SystemCall.read.make(on: path, fault: fault) { fstat(file, &status) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = try SystemCall.read.make(on: path, fault: fault) {
                bytes.withUnsafeMutableBytes {
                    Glibc.read(file, $0.baseAddress?.advanced(by: filled), $0.count - filled)
                }
            }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return (bytes, status)
    }

    /// What tells a file from another one, and from itself after a change; see stat(2).
    public struct Identity: Hashable, Sendable {
        private let device: UInt64
        private let inode: UInt64
        private let size: Int64
        /// When its content last changed, since 1970.
        public let changed: Duration

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            changed =
                .seconds(status.st_mtim.tv_sec) + .nanoseconds(status.st_mtim.tv_nsec)
        }
    }

    /// Which file is at the path now; `nil` when there is none that can be looked at.
    public func identity(of path: String) -> Identity? {
        var status = stat()
        return lstat(path, &status) == 0 ? Identity(status) : nil
    }

    /// Looks at the staging directory beside a file.
    ///
    /// - Parameter users: Those who may run the daemon.
    /// - Returns: Why none of them would use it; `nil` when one would, and when there is none that can be seen.
    package func stagingFault(of path: String, usedBy users: Set<UInt32>) -> FileError? {
        var status = stat()
        guard lstat("\(FileError.directory(of: path))/\(Self.stagingName)", &status) == 0 else {
            return nil
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return FileError(path, .openStaging, errno: ENOTDIR)
        }
        guard users.contains(status.st_uid) else { return .notOurs(path, owner: status.st_uid) }
        return OutputDirectory.fault(of: path, status)
    }

    /// Removes what a crash left of a file in its staging directory. Failing to is no harm.
    public func removeLeftovers(of path: String) {
        // One that is missing has none, and in one that is not ours nothing is ours.
        guard let place = try? OutputDirectory(existingOf: path) else { return }
        let descriptor = openat(place.staging, ".", O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        guard let listing = fdopendir(descriptor) else {
            close(descriptor)
            return
        }
        defer { closedir(listing) }
        let target = FileError.name(of: path)
        while let entry = Glibc.readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if StagedFile.isName(name, for: target) { unlinkat(place.staging, name, 0) }
        }
    }
}

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
            Glibc.open(FileError.directory(of: path), O_DIRECTORY | O_CLOEXEC)
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
