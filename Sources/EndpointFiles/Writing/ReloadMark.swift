import Glibc

/// Says, beside a file, that its reader has not taken it up yet: a reload that is owed when the daemon
/// ends is done by its next run.
struct ReloadMark: Sendable {
    private let target: String
    private let name: String

    init(of target: String) {
        self.target = target
        name = "\(FileError.name(of: target)).reload"
    }

    /// Whether an earlier run, or this one, owes the reload. Without a staging directory of ours nobody does.
    var isSet: Bool {
        guard let place = try? OutputDirectory(existingOf: target) else { return false }
        var status = stat()
        return fstatat(place.staging, name, &status, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// Failing to is no harm: this run knows by itself what it owes.
    func set(beside staged: StagedFile) {
        let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        let file = openat(staged.place.staging, name, flags, 0o600)
        if file >= 0 { close(file) }
    }

    func clear() {
        guard let place = try? OutputDirectory(existingOf: target) else { return }
        unlinkat(place.staging, name, 0)
    }
}
