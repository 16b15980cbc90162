public import Glibc

/// A socket that is bound to its address and does not listen yet, so that nobody connects before its mode is right.
///
/// Whoever binds one passes it to ``LocalHTTPServer/run(on:listening:)``, which closes the descriptor.
public struct BoundSocket: Sendable {
    /// Where it is bound; for port 0 with the port that the system chose.
    public let address: ListenAddress
    /// The group of the socket's file, whose members may change things; `nil` for TCP.
    public let group: gid_t?
    let descriptor: Int32
    private let inode: ino_t

    /// Binds a socket. A unix socket at which nobody listens is replaced; one at which somebody does is not, nor is
    /// any other file. Blocks for as long as the disk of the socket's directory does.
    ///
    /// - Parameter mode: The mode of a unix socket's file. Who may write to it can connect.
    public static func bind(
        to address: ListenAddress,
        mode: mode_t = 0o666
    ) throws(ListenError) -> BoundSocket {
        do throws(Errno) {
            switch address {
            case .tcp(let host, let port): return try bind(host, port)
            case .unix(let path): return try bind(path, mode)
            }
        } catch {
            throw ListenError(errno: error.number, at: address)
        }
    }

    /// Removes the file of a unix socket, unless another has taken its place.
    public func remove() {
        guard case .unix(let path) = address else { return }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_ino == inode else { return }
        unlink(path)
    }

    /// A number of errno(3).
    private struct Errno: Error {
        var number = errno
    }

    // MARK: TCP

    private static func bind(_ host: String, _ port: Int) throws(Errno) -> BoundSocket {
        guard let port = UInt16(exactly: port) else { throw Errno(number: EADDRNOTAVAIL) }
        var ipv4 = sockaddr_in()
        ipv4.sin_family = sa_family_t(AF_INET)
        ipv4.sin_port = port.bigEndian
        if inet_pton(AF_INET, host, &ipv4.sin_addr) == 1 { return try bind(host, &ipv4, AF_INET) }
        var ipv6 = sockaddr_in6()
        ipv6.sin6_family = sa_family_t(AF_INET6)
        ipv6.sin6_port = port.bigEndian
        guard inet_pton(AF_INET6, host, &ipv6.sin6_addr) == 1 else {
            throw Errno(number: EADDRNOTAVAIL)
        }
        return try bind(host, &ipv6, AF_INET6)
    }

    private static func bind<Address>(
        _ host: String,
        _ address: inout Address,
        _ family: Int32
    ) throws(Errno) -> BoundSocket {
        let descriptor = try socket(of: family)
        var one: Int32 = 1
        var length = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, length)
        length = socklen_t(MemoryLayout<Address>.size)
        let isBound = withGeneric(&address) {
            Glibc.bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
        guard isBound else { throw closed(descriptor) }
        // The port is in the same place for both families, see ip(7) and ipv6(7).
        let port = withUnsafeBytes(of: address) { bytes in
            Int(bytes[2]) << 8 | Int(bytes[3])
        }
        return BoundSocket(
            address: .tcp(host: host, port: port),
            group: nil,
            descriptor: descriptor,
            inode: 0
        )
    }

    // MARK: unix

    private static func bind(_ path: String, _ mode: mode_t) throws(Errno) -> BoundSocket {
        guard var address = unixAddress(path) else { throw Errno(number: ENAMETOOLONG) }
        try removeStale(path, &address)
        let descriptor = try socket(of: AF_UNIX)
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isBound = withGeneric(&address) { Glibc.bind(descriptor, $0, length) == 0 }
        guard isBound, let status = opened(to: mode, path) else { throw closed(descriptor) }
        return BoundSocket(
            address: .unix(path: path),
            group: status.st_gid,
            descriptor: descriptor,
            inode: status.st_ino
        )
    }

    /// Removes a socket at which nobody listens: what a run that was killed leaves.
    private static func removeStale(_ path: String, _ address: inout sockaddr_un) throws(Errno) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw Errno(number: EEXIST) }
        // One that does not wait: a listener whose queue is full answers EAGAIN, see connect(2).
        let descriptor = try socket(of: AF_UNIX, Int32(SOCK_NONBLOCK.rawValue))
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isRefused = withGeneric(&address) {
            connect(descriptor, $0, length) != 0 && errno == ECONNREFUSED
        }
        guard isRefused else { throw Errno(number: EADDRINUSE) }
        unlink(path)
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

    // MARK: parts

    private static func socket(of family: Int32, _ flags: Int32 = 0) throws(Errno) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue) | flags
        let descriptor = Glibc.socket(family, type, 0)
        guard descriptor >= 0 else { throw Errno() }
        return descriptor
    }

    private static func closed(_ descriptor: Int32) -> Errno {
        let failure = Errno()
        close(descriptor)
        return failure
    }

    private static func unixAddress(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    private static func withGeneric<Address>(
        _ address: inout Address,
        _ call: (UnsafeMutablePointer<sockaddr>) -> Bool
    ) -> Bool {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0) }
        }
    }
}
