import Glibc

/// Says, beside a file, that its reader has not taken it up yet: a reload that is owed when the daemon
/// ends is done by its next run.
struct ReloadMark: Sendable {
    private let path: String

    init(of target: String) {
        let directory = "\(FileError.directory(of: target))/\(AtomicFileWriter.stagingName)"
        path = "\(directory)/\(FileError.name(of: target)).reload"
    }

    var isSet: Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// The staging directory exists. Failing to is no harm: this run knows by itself what it owes.
    func set() {
        let file = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        if file >= 0 { close(file) }
    }

    func clear() {
        unlink(path)
    }
}
