/// The owner, group and permission bits of a file.
public struct FileAccess: Hashable, Sendable {
    /// Its permission bits.
    public var mode: UInt32
    /// The number of the user it belongs to; the daemon's own when `nil`.
    public var owner: UInt32?
    /// The number of the group it belongs to; the daemon's own when `nil`.
    public var group: UInt32?

    /// Describes access.
    public init(mode: UInt32 = 0o644, owner: UInt32? = nil, group: UInt32? = nil) {
        self.mode = mode
        self.owner = owner
        self.group = group
    }
}
