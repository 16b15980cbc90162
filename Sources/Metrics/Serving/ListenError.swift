import Glibc
import NIOCore

/// A server that cannot listen: what happened and what to do about it.
public struct ListenError: Error, Sendable, CustomStringConvertible {
    /// What to do about it follows from the code.
    public enum Code: Hashable, Sendable {
        /// Somebody else listens there.
        case inUse
        /// The system does not allow it.
        case notAllowed
        /// There is no such place: no such address, no such directory.
        case noSuchPlace
        /// Anything else.
        case other
    }

    /// What kind of failure it is.
    public let code: Code
    /// A sentence with the remedy.
    public let message: String
    /// The error underneath.
    public let cause: any Error

    /// The sentence.
    public var description: String { message }

    init(_ error: any Error, at address: ListenAddress) {
        cause = error
        let remedy: String
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE:
            code = .inUse
            remedy = "another program listens there; choose another address or end that program"
        case EACCES, EPERM, EROFS:
            code = .notAllowed
            remedy =
                "the system does not allow it; choose a port from 1024 on, or a directory that the "
                + "daemon may write to"
        case EADDRNOTAVAIL, EAFNOSUPPORT, ENOENT, ENOTDIR:
            code = .noSuchPlace
            remedy = "there is no such address or directory on this host; choose another"
        default:
            code = .other
            remedy = "\(error)"
        }
        message = "cannot listen at \(address): \(remedy)"
    }
}
