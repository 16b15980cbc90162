import Files
import Glibc
import Programs
import Texts

/// Reads configuration files from a place: the disk, or a test's memory.
package struct ConfigurationSource: Sendable {
    /// Reads a whole file of at most `limit` bytes. The null device, or a symbolic link to it, is an
    /// empty file.
    var readFile: @Sendable (_ path: String, _ limit: Int) throws(Failure) -> [UInt8]
    /// The names in a directory, `.` and `..` left out, in any order.
    var listDirectory: @Sendable (_ path: String) throws(Failure) -> [String]
    /// Whether a file can be read, without reading it; who else can.
    var lookAtFile: @Sendable (_ path: String) throws(Failure) -> FileMode
    /// Whether there is such a program, by its path or by its name among those that programs are looked
    /// for in.
    var hasProgram: @Sendable (_ name: String) -> Bool
    /// The places that a path leads through.
    package var places: @Sendable (_ path: String) -> Set<DiskPlace> = { [.path($0)] }
    /// The directory of the unit's credentials; `nil` when there is none.
    package var credentials: String?

    /// Why a file or a directory cannot be read.
    package enum Failure: Error, Equatable {
        /// There is nothing of that name.
        case missing
        /// It is not a file: a directory, a pipe, a device.
        case notAFile
        /// It is larger than the limit.
        case tooLarge
        /// The system's error number, for anything else.
        case system(Int32)
    }
}

extension ConfigurationSource {
    /// The file system.
    static let disk = ConfigurationSource(
        readFile: Self.contents,
        listDirectory: Self.names,
        lookAtFile: Self.mode,
        hasProgram: Self.isProgram,
        places: DiskPlace.all,
        credentials: credentialsDirectory
    )

    /// See systemd.exec(5), `LoadCredential=`.
    package static var credentialsDirectory: String? {
        getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) }
    }

    @Sendable private static func isProgram(name: String) -> Bool {
        guard !name.contains("/") else { return access(name, X_OK) == 0 }
        return ProgramCall.searchPath.split(separator: ":").contains {
            access("\($0)/\(name)", X_OK) == 0
        }
    }

    @Sendable private static func mode(path: String) throws(Failure) -> FileMode {
        let file = try withoutInterruption {
            open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        return FileMode(ofStatus: status.st_mode)
    }

    @Sendable private static func contents(
        path: String,
        limit: Int
    ) throws(Failure) -> [UInt8] {
        do throws(SmallFile.Fault) {
            return try SmallFile.read(path, limit: limit)
        } catch {
            throw switch error {
            case .unreadable(let errno): Failure(errno)
            case .notRegular: .notAFile
            case .tooLarge: .tooLarge
            }
        }
    }

    @Sendable private static func names(path: String) throws(Failure) -> [String] {
        // See opendir(3), readdir(3).
        guard let directory = opendir(path) else { throw Failure(errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw Failure(errno) }
        return names
    }

    /// Repeats a call that a signal interrupted.
    private static func withoutInterruption<Number: SignedInteger>(
        _ call: () -> Number
    ) throws(Failure) -> Number {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw Failure(errno) }
        }
    }
}

extension ConfigurationSource.Failure {
    package init(_ code: Int32) {
        self = code == ENOENT ? .missing : .system(code)
    }
}

/// Identifies the place of a file, existing or not, by whatever path it is called: a name in a directory.
package enum DiskPlace: Hashable, Sendable {
    /// A name in the directory of that number, see stat(2).
    case entry(name: String, device: UInt64, directory: UInt64)
    /// A path whose directory is not there.
    case path(String)

    /// The places that a path leads through: its own, and those of the symbolic links that it follows.
    package static func all(on path: String) -> Set<DiskPlace> {
        var places: Set<DiskPlace> = []
        var path = path
        // As many as the kernel follows, which would also end a circle; see path_resolution(7).
        for _ in 0...40 {
            let slash = path.lastIndex(of: "/")
            let directory = slash.map { String(path[...$0]) } ?? "./"
            let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
            var status = stat()
            guard stat(directory, &status) == 0 else {
                places.insert(.path(path))
                break
            }
            places.insert(
                .entry(
                    name: name,
                    device: UInt64(status.st_dev),
                    directory: UInt64(status.st_ino)
                )
            )
            guard let target = Self.target(of: path) else { break }
            path = target.hasPrefix("/") ? target : directory + target
        }
        return places
    }

    /// Where a symbolic link leads; `nil` for anything else. See readlink(2).
    private static func target(of path: String) -> String? {
        var room = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &room, room.count)
        guard count > 0 else { return nil }
        return String(
            decoding: room.prefix(count).map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
    }
}

extension ConfigurationSource.Failure {
    /// Says what happened and what to do about it, as the end of a sentence that starts with a path.
    package var sentence: String {
        switch self {
        case .missing: "does not exist"
        case .notAFile: "is not a regular file; a configuration is read from regular files only"
        case .tooLarge:
            "is larger than \(ConfigurationLoader.sizeLimit) bytes, the most that is read"
        case .system(let code): "cannot be read: \(errnoText(code))\(Self.remedy(for: code))"
        }
    }

    /// Whether the system would not let us.
    var isRefusal: Bool {
        if case .system(let code) = self { code == EACCES || code == EPERM } else { false }
    }

    private static func remedy(for code: Int32) -> String {
        switch code {
        case EACCES, EPERM:
            "; the user that discoveryd runs as must be able to read it and to enter each directory "
                + "on the way (chmod, chgrp)"
        case ENOTDIR: "; something on the way to it is a file, not a directory"
        case ELOOP: "; its symbolic links lead in a circle"
        case EMFILE, ENFILE: "; raise LimitNOFILE= of discoveryd.service"
        case EIO: "; check the disk"
        default: ""
        }
    }
}
