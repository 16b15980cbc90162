import FoundationEssentials
import Glibc

/// A directory under `$TMPDIR` that is removed with all that is in it.
struct ScratchDirectory: Sendable {
    /// Its absolute path.
    let path: String

    /// Makes one that only we can enter.
    ///
    /// - Returns: `nil` when it cannot be made; see mkdtemp(3).
    init?() {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/discoveryd-dev.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        path = String(
            decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
    }

    /// Removes it; what cannot be removed stays.
    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
