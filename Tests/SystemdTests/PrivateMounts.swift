import Glibc
import Testing

/// Mounts that only the calling thread of an exit test's child sees, gone with the child: a way to
/// put something in the place of a file that the whole machine has only one of. Needs root.
///
/// See mount_namespaces(7).
enum PrivateMounts {
    /// Parts this thread's mounts from those of everybody else. To be called first, and all else in
    /// the same thread: without `await` in between.
    static func enter() throws {
        // Glibc's module leaves unshare(2) out: it is declared for _GNU_SOURCE only.
        typealias Unshare = @convention(c) (Int32) -> Int32
        let symbol = try #require(dlsym(nil, "unshare"))
        let unshare = unsafeBitCast(symbol, to: Unshare.self)
        let newMountNamespace: Int32 = 0x0002_0000
        let reason: Comment = "unshare(2) failed: this test needs root, or CAP_SYS_ADMIN"
        try #require(unshare(newMountNamespace) == 0, reason)
        try #require(mount("none", "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0)
    }

    /// Hides what is below the directory `path` behind an empty one.
    static func hide(_ path: String) throws {
        try #require(mount("tmpfs", path, "tmpfs", 0, nil) == 0, "mount(2) on \(path)")
    }

    /// Puts a file with the content `text` in the place of the file `path`.
    static func replace(_ path: String, with text: String) throws {
        var template = Array("/tmp/systemd-tests.XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0, "mkstemp(3)")
        defer {
            close(descriptor)
            unlink(template)
        }
        try #require(write(descriptor, text, text.utf8.count) == text.utf8.count)
        try #require(mount(template, path, nil, UInt(MS_BIND), nil) == 0, "mount(2) on \(path)")
    }
}
