public import Glibc

/// The program at the other end of a unix socket, by the kernel's word; see unix(7), SO_PEERCRED and
/// SO_PEERGROUPS.
public struct Peer: Hashable, Sendable {
    /// The process that connected.
    public let process: pid_t
    /// Its effective user at that time.
    public let user: uid_t
    /// Its effective group and its supplementary ones.
    public let groups: Set<gid_t>

    /// A peer, for tests of what is asked by one.
    package init(process: pid_t, user: uid_t, groups: Set<gid_t>) {
        self.process = process
        self.user = user
        self.groups = groups
    }

    /// Asks for the peer of a connected socket; `nil` when the kernel does not say.
    init?(socket: Int32) {
        // `struct ucred`, which is not among what Swift sees of Glibc: the process, the user, the group.
        var credentials: [UInt32] = [0, 0, 0]
        var length = socklen_t(credentials.count * MemoryLayout<UInt32>.stride)
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else {
            return nil
        }
        var groups: Set<gid_t> = [credentials[2]]
        // Linux knows 65536 at most; nobody who has more than these is denied what root may.
        var others = [gid_t](repeating: 0, count: 1024)
        length = socklen_t(others.count * MemoryLayout<gid_t>.stride)
        if getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, &others, &length) == 0 {
            groups.formUnion(others.prefix(Int(length) / MemoryLayout<gid_t>.stride))
        }
        self.init(
            process: pid_t(bitPattern: credentials[0]),
            user: credentials[1],
            groups: groups
        )
    }

    /// Whether it may change anything: root, our own user, and the members of the socket's group.
    func mayChange(as user: uid_t, socketGroup: gid_t?) -> Bool {
        self.user == 0 || self.user == user || socketGroup.map(groups.contains) ?? false
    }
}
