import Glibc

/// The directory of a file, and the staging directory in it, both held open: whatever happens to their paths
/// afterwards, what is done is done in these two.
struct OutputDirectory: ~Copyable, Sendable {
    let directory: Int32
    let staging: Int32

    /// Opens both; the staging directory is made when it is missing.
    ///
    /// - Parameter path: The file.
    /// - Throws: ``FileError``, also when the file is anything but a regular one, and when the staging
    ///   directory is not ours alone.
    init(of path: String, fault: FileFault) throws(FileError) {
        let directory = try Self.openDirectory(path, fault)
        do throws(FileError) {
            try Self.refuseUnlessRegular(path, in: directory, fault)
            try Self.makeStaging(path, in: directory, fault)
            staging = try Self.openStaging(path, in: directory, fault)
        } catch {
            close(directory)
            throw error
        }
        self.directory = directory
    }

    /// Opens both where they exist, and makes nothing.
    ///
    /// - Throws: ``FileError``, also when the staging directory is not ours alone.
    init(existingOf path: String, fault: FileFault = { _ in nil }) throws(FileError) {
        let directory = try Self.openDirectory(path, fault)
        do throws(FileError) {
            staging = try Self.openStaging(path, in: directory, fault)
        } catch {
            close(directory)
            throw error
        }
        self.directory = directory
    }

    /// Opens both for a lock; the staging directory is made when it is missing. For root another user's does as
    /// well: the daemon's, when an administrator starts a second one by hand.
    ///
    /// - Throws: ``FileError``.
    init(lockingFor path: String) throws(FileError) {
        let fault: FileFault = { _ in nil }
        let directory = try Self.openDirectory(path, fault)
        do throws(FileError) {
            try Self.makeStaging(path, in: directory, fault)
            staging = try Self.openStaging(path, in: directory, fault, isAnybodys: geteuid() == 0)
        } catch {
            close(directory)
            throw error
        }
        self.directory = directory
    }

    deinit {
        close(staging)
        close(directory)
    }

    private static func openDirectory(
        _ path: String,
        _ fault: FileFault
    ) throws(FileError) -> Int32 {
        // A link on the way to it is the administrator's, as /var/run is.
        try SystemCall.openDirectory.make(on: path, fault: fault) {
            open(FileError.directory(of: path), O_DIRECTORY | O_CLOEXEC)
        }
    }

    private static func makeStaging(
        _ path: String,
        in directory: Int32,
        _ fault: FileFault
    ) throws(FileError) {
        do throws(FileError) {
            try SystemCall.mkdirat.make(on: path, fault: fault) {
                mkdirat(directory, AtomicFileWriter.stagingName, 0o700)
            }
        } catch  where error.errno == EEXIST {
            // From an earlier write; whose it is, and that it is no link, is looked at when it is open.
        }
    }

    private static func openStaging(
        _ path: String,
        in directory: Int32,
        _ fault: FileFault,
        isAnybodys: Bool = false
    ) throws(FileError) -> Int32 {
        let staging = try SystemCall.openStaging.make(on: path, fault: fault) {
            openat(
                directory,
                AtomicFileWriter.stagingName,
                O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            )
        }
        do throws(FileError) {
            if !isAnybodys { try refuseUnlessOurs(path, staging, fault) }
        } catch {
            close(staging)
            throw error
        }
        return staging
    }

    /// Who owns the directory, or can write to it, can put a link in the place of what is staged.
    private static func refuseUnlessOurs(
        _ path: String,
        _ staging: Int32,
        _ fault: FileFault
    ) throws(FileError) {
        var status = stat()
        try SystemCall.fstat.make(on: path, fault: fault) { fstat(staging, &status) }
        if status.st_uid != geteuid() { throw .notOurs(path, owner: status.st_uid) }
        if let error = Self.fault(of: path, status) { throw error }
    }

    /// What is wrong with a staging directory whoever owns it.
    static func fault(of path: String, _ status: stat) -> FileError? {
        status.st_mode & 0o022 == 0
            ? nil : FileError.othersCanWrite(path, mode: status.st_mode & 0o7777)
    }

    static func refuseUnlessRegular(
        _ path: String,
        in directory: Int32,
        _ fault: FileFault
    ) throws(FileError) {
        var status = stat()
        do throws(FileError) {
            try SystemCall.fstatat.make(on: path, fault: fault) {
                fstatat(directory, FileError.name(of: path), &status, AT_SYMLINK_NOFOLLOW)
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
}
