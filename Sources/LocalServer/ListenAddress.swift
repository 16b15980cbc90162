import Glibc
import NIOCore
import Texts

/// The address that a server listens on.
public enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// An IP address, IPv6 without brackets, and a TCP port.
    case tcp(host: String, port: Int)
    /// The path of a unix socket.
    case unix(path: String)

    /// As it is written in a configuration: `127.0.0.1:9469`, `[::1]:9469`, `unix:/run/x.sock`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// An address that cannot be listened at: what happened and what to do about it.
public struct ListenError: Error, Sendable, CustomStringConvertible {
    /// What to do about it follows from the code.
    public enum Code: Hashable, Sendable {
        /// Somebody else listens there.
        case inUse
        /// The system does not allow it.
        case notAllowed
        /// There is no such address or directory.
        case noSuchPlace
        /// A file that is no socket is at the path.
        case notASocket
        /// Anything else.
        case other
    }

    /// What kind of failure it is.
    public let code: Code
    /// A sentence with the remedy.
    public let message: String

    /// The sentence.
    public var description: String { message }

    /// Explains an error number, see errno(3).
    init(errno number: Int32, at address: ListenAddress) {
        let (code, remedy): (Code, String)
        switch number {
        case EADDRINUSE:
            (code, remedy) = (
                .inUse, "another program listens there; choose another address or end that program"
            )
        case EACCES, EPERM, EROFS:
            (code, remedy) = (
                .notAllowed,
                "the system does not allow it; choose a port from 1024 on, or a directory that the "
                    + "daemon may write to"
            )
        case EADDRNOTAVAIL, EAFNOSUPPORT, ENOENT, ENOTDIR:
            (code, remedy) = (
                .noSuchPlace, "there is no such address or directory on this host; choose another"
            )
        case EEXIST:
            (code, remedy) = (.notASocket, "a file is there that is no socket of ours; remove it")
        case ENAMETOOLONG:
            (code, remedy) = (.other, "the path is longer than a socket's may be (107 bytes)")
        default:
            (code, remedy) = (.other, errnoText(number))
        }
        self.init(code, "cannot listen at \(address): \(remedy)")
    }

    private init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Explains an error of NIO.
    init(_ error: any Error, at address: ListenAddress) {
        guard let error = error as? IOError else {
            self.init(.other, "cannot listen at \(address): \(error)")
            return
        }
        self.init(errno: error.errnoCode, at: address)
    }
}
