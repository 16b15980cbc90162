internal import Glibc

/// Identifies the open file of a stream: its device and inode, as fstat(2) tells them and as systemd writes
/// them into `$JOURNAL_STREAM`. See systemd.exec(5).
public struct StreamIdentity: Hashable, Sendable {
    /// `st_dev` of fstat(2).
    public var device: UInt64

    /// `st_ino` of fstat(2).
    public var inode: UInt64

    /// Creates an identity.
    ///
    /// - Parameters:
    ///   - device: `st_dev` of fstat(2).
    ///   - inode: `st_ino` of fstat(2).
    public init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// Reads `dev:ino`, both decimal, the value of `$JOURNAL_STREAM`; `nil` when it is not that.
    public init?(journalStream text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let device = UInt64(parts[0]), let inode = UInt64(parts[1]) else {
            return nil
        }
        self.init(device: device, inode: inode)
    }

    /// The identity of standard error, `nil` when it is closed. See fstat(2).
    public static func standardError() -> StreamIdentity? {
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return nil }
        return StreamIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
