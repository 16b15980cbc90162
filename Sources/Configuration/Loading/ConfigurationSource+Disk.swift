import Files
import Glibc
import Programs

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
