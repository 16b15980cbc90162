import Glibc
import Texts

/// The file of the control socket: made, and removed when it is still ours.
struct ControlSocket: Sendable {
    /// Where it is unless said otherwise: in the unit's runtime directory.
    static let standardPath = "/run/discoveryd/control.sock"

    /// Why there is none.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let path: String
    /// The bound socket; whoever takes it listens on it and closes it.
    let descriptor: Int32
    /// The group whose members may change things.
    let group: gid_t
    private let inode: ino_t

    /// Binds a socket that root, our user and our group can connect to (0660). It does not listen yet, so
    /// nobody connects before its mode is right. A socket at which nobody listens is replaced.
    ///
    /// - Throws: ``Failure`` with a sentence.
    static func bound(at path: String) throws(Failure) -> ControlSocket {
        guard let address = Self.address(path) else {
            throw Failure(description: "\(path) is longer than a socket's path may be (107 bytes)")
        }
        try replaceStale(address, path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure(path, "socket") }
        let result = withAddress(address) { Glibc.bind(descriptor, $0, $1) }
        guard result == 0, let status = opened(to: 0o660, path) else {
            let failure = failure(path, "bind")
            close(descriptor)
            throw failure
        }
        return ControlSocket(
            path: path,
            descriptor: descriptor,
            group: status.st_gid,
            inode: status.st_ino
        )
    }

    /// Gives the socket that is at the path its mode, by descriptor: a file that somebody has put there instead
    /// keeps its own. See open(2), O_PATH.
    ///
    /// - Returns: What it is then; `nil` with errno set when it is no socket of ours, or that failed.
    private static func opened(to mode: mode_t, _ path: String) -> stat? {
        // Swift is not shown O_PATH.
        let file = open(path, 0o10_000_000 | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer {
            let number = errno
            close(file)
            errno = number
        }
        var status = stat()
        guard fstat(file, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFSOCK, status.st_uid == geteuid() else {
            errno = EEXIST
            return nil
        }
        // fchmod(2) does not take such a descriptor; the path to it is the kernel's and cannot be redirected.
        return chmod("/proc/self/fd/\(file)", mode) == 0 ? status : nil
    }

    /// Removes the file, unless it is another's by now.
    func remove() {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_ino == inode else { return }
        unlink(path)
    }

    /// Connects to a socket and says how that ended: a descriptor, or an errno, negative.
    static func connect(to path: String) -> Int32 {
        guard let address = address(path) else { return -ENAMETOOLONG }
        return connect(address)
    }

    private static func connect(_ address: sockaddr_un) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return -errno }
        guard withAddress(address, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let number = errno
            close(descriptor)
            return -number
        }
        return descriptor
    }

    private static func replaceStale(_ address: sockaddr_un, _ path: String) throws(Failure) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw Failure(description: "\(path) exists and is not a socket; remove it")
        }
        let result = connect(address)
        guard result == -ECONNREFUSED else {
            if result >= 0 { close(result) }
            throw Failure(
                description: "another discoveryd answers at \(path); give this one another with "
                    + "--control-socket"
            )
        }
        unlink(path)
    }

    private static func failure(_ path: String, _ call: String) -> Failure {
        let reason = errnoText(errno)
        return Failure(
            description: "\(path) cannot be created: \(reason) (\(call)); name another path with "
                + "--control-socket"
        )
    }

    private static func address(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    private static func withAddress(
        _ address: sockaddr_un,
        _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
