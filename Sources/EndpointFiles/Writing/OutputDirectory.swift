import Glibc

/// The directory of a file that is to be replaced, and the staging directory in it, both open.
struct OutputDirectory: ~Copyable {
    let directory: Int32
    let staging: Int32

    /// Opens both; the staging directory is made when it is missing.
    ///
    /// - Parameter path: The file.
    /// - Throws: ``FileError``, also when the file is anything but a regular one.
    init(of path: String, fault: FileFault) throws(FileError) {
        let directory = try SystemCall.openDirectory.make(on: path, fault: fault) {
            open(FileError.directory(of: path), O_DIRECTORY | O_CLOEXEC)
        }
        do throws(FileError) {
            try Self.refuseUnlessRegular(path, in: directory, fault)
            staging = try Self.openStaging(path, in: directory, fault)
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

    private static func openStaging(
        _ path: String,
        in directory: Int32,
        _ fault: FileFault
    ) throws(FileError) -> Int32 {
        let name = AtomicFileWriter.stagingName
        do throws(FileError) {
            try SystemCall.mkdirat.make(on: path, fault: fault) { mkdirat(directory, name, 0o700) }
        } catch  where error.errno == EEXIST {
            // Ours from before; a link in its place is refused by the next call.
        }
        return try SystemCall.openStaging.make(on: path, fault: fault) {
            openat(directory, name, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
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
