import Glibc

/// Replaces files whole or not at all.
///
/// A file is staged in a directory of ours beside it and renamed into place: a reader that opens it
/// at any instant sees the old or the new one, complete, and a watcher of the directory is woken
/// once. There is no fallback that writes in place.
public struct AtomicFileWriter: Sendable {
    /// The staging directory, inside the directory of the file (a sibling may be another mount), mode
    /// 0700, so that nobody sees what is not finished. A leading dot keeps `*.conf` globs off it.
    public static let stagingName = ".discoveryd"

    private let fault: FileFault

    /// A writer; `fault` is for tests.
    public init(fault: @escaping FileFault = { _ in nil }) {
        self.fault = fault
    }

    /// Replaces a file.
    ///
    /// - Parameters:
    ///   - bytes: Its new content.
    ///   - path: Absolute. Its directory exists; it is a regular file or does not exist.
    ///   - mode: Its permissions, whatever the umask.
    /// - Throws: ``FileError``; the old file is then untouched and nothing of the new one is left. Only
    ///   when the very last call fails, which makes the rename survive a power cut, the new file is in
    ///   place already.
    ///
    /// See open(2), fchmod(2), fsync(2), rename(2).
    public func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FileError) {
        let name = Self.name(of: path)
        let directory = try open(
            .openDirectory,
            path,
            AT_FDCWD,
            FileError.directory(of: path),
            O_DIRECTORY
        )
        defer { Glibc.close(directory) }
        try refuseUnlessRegular(path, name, in: directory)
        let staging = try openStaging(path, in: directory)
        defer { Glibc.close(staging) }

        let temporary = "\(name).\(getpid()).new"
        var isStaged = false
        defer { if !isStaged { unlinkat(staging, temporary, 0) } }
        // What a crash of an earlier run of this process number left is ours to replace.
        unlinkat(staging, temporary, 0)
        try stage(bytes, path, temporary, in: staging, mode: mode)
        try SystemCall.renameat.make(on: path, fault: fault) {
            renameat(staging, temporary, directory, name)
        }
        isStaged = true
        // The new file is in place; that its name survives a power cut is all that is missing.
        try SystemCall.fsyncDirectory.make(on: path, fault: fault) { fsync(directory) }
    }

    /// Reads a regular file.
    ///
    /// - Parameter limit: The most bytes to read; a larger file counts as missing.
    /// - Returns: Its content, or `nil` when there is no such file.
    /// - Throws: ``FileError``.
    public func read(_ path: String, limit: Int = 256 * 1024 * 1024) throws(FileError) -> [UInt8]? {
        let file: Int32
        do throws(FileError) {
            // A pipe would hold the open until somebody writes to it.
            file = try open(.read, path, AT_FDCWD, path, O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
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
        return bytes
    }

    /// What tells a file from another one, and from itself after a change; see stat(2).
    public struct Identity: Hashable, Sendable {
        private let device: UInt64
        private let inode: UInt64
        private let size: Int64
        private let changed: Duration

        fileprivate init(_ status: stat) {
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

    /// Removes what a crash left of a file in its staging directory. Failing to is no harm.
    public func removeLeftovers(of path: String) {
        let staging = "\(FileError.directory(of: path))/\(Self.stagingName)"
        guard let listing = opendir(staging) else { return }
        defer { closedir(listing) }
        let prefix = "\(Self.name(of: path))."
        while let entry = Glibc.readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(prefix), name.hasSuffix(".new") { unlinkat(dirfd(listing), name, 0) }
        }
    }

    private func stage(
        _ bytes: [UInt8],
        _ path: String,
        _ temporary: String,
        in staging: Int32,
        mode: UInt32
    ) throws(FileError) {
        let file = try open(
            .openat,
            path,
            staging,
            temporary,
            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
            mode: 0o600
        )
        var isOpen = true
        defer { if isOpen { Glibc.close(file) } }
        var written = 0
        while written < bytes.count {
            written += try SystemCall.write.make(on: path, fault: fault) {
                bytes.withUnsafeBytes {
                    Glibc.write(file, $0.baseAddress?.advanced(by: written), $0.count - written)
                }
            }
        }
        try SystemCall.fchmod.make(on: path, fault: fault) { fchmod(file, mode) }
        try SystemCall.fsync.make(on: path, fault: fault) { fsync(file) }
        isOpen = false
        // Some file systems report a full disk or quota only here. Not to be repeated: close(2).
        if let errno = fault(.close) { throw FileError(path, .close, errno: errno) }
        if Glibc.close(file) < 0, errno != EINTR { throw FileError(path, .close, errno: errno) }
    }

    private func openStaging(_ path: String, in directory: Int32) throws(FileError) -> Int32 {
        do throws(FileError) {
            try SystemCall.mkdirat.make(on: path, fault: fault) {
                mkdirat(directory, Self.stagingName, 0o700)
            }
        } catch  where error.errno == EEXIST {
            // Ours from before; a link in its place is refused by the next call.
        }
        return try open(.openStaging, path, directory, Self.stagingName, O_DIRECTORY | O_NOFOLLOW)
    }

    private func refuseUnlessRegular(
        _ path: String,
        _ name: String,
        in directory: Int32
    ) throws(FileError) {
        var status = stat()
        do throws(FileError) {
            try SystemCall.fstatat.make(on: path, fault: fault) {
                fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW)
            }
        } catch  where error.errno == ENOENT {
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFLNK: throw .notARegularFile(path, "a symbolic link")
        case S_IFDIR: throw .notARegularFile(path, "a directory")
        default: throw .notARegularFile(path, "a device, a pipe or a socket")
        }
    }

    private func open(
        _ call: SystemCall,
        _ path: String,
        _ directory: Int32,
        _ name: String,
        _ flags: Int32,
        mode: mode_t = 0
    ) throws(FileError) -> Int32 {
        try call.make(on: path, fault: fault) {
            openat(directory, name, flags | O_CLOEXEC, mode)
        }
    }

    private static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }
}
