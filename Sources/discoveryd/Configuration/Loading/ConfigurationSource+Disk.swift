import Glibc

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
    static var credentialsDirectory: String? {
        getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) }
    }

    @Sendable private static func isProgram(name: String) -> Bool {
        guard !name.contains("/") else { return access(name, X_OK) == 0 }
        return CommandRunner.searchPath.split(separator: ":").contains {
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
        // See open(2). Non-blocking, so that a pipe without a writer is an error and not a wait.
        let file = try withoutInterruption {
            open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Failure(errno) }
        if isNullDevice(status) { return [] }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        return try contents(of: file, limit: limit)
    }

    private static func contents(of file: Int32, limit: Int) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count <= limit {
            // See read(2).
            let count = try withoutInterruption { read(file, &block, block.count) }
            if count == 0 { return bytes }
            bytes += block.prefix(count)
        }
        throw .tooLarge
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

    /// Whether a file is `/dev/null`, by whatever name it was opened.
    private static func isNullDevice(_ status: stat) -> Bool {
        var null = stat()
        return status.st_mode & S_IFMT == S_IFCHR && stat("/dev/null", &null) == 0
            && null.st_rdev == status.st_rdev
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
    init(_ code: Int32) {
        self = code == ENOENT ? .missing : .system(code)
    }
}
