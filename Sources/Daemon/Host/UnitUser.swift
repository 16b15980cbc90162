package import Glibc
package import Systemd

/// The user that systemd runs the daemon as, with its groups.
package struct UnitUser: Hashable, Sendable {
    /// The name that the shipped unit says.
    package static let standardName = "_discoveryd"

    package let name: String
    package let id: uid_t
    package let group: gid_t
    package let groups: [gid_t]

    /// The user that a unit names; `nil` when this host has no such user or group.
    ///
    /// See getpwnam(3) and getgrouplist(3).
    package init?(of settings: ServiceSettings) {
        let user = settings.user.isEmpty ? "root" : settings.user
        let found = if let id = uid_t(user) { getpwuid(id) } else { getpwnam(user) }
        guard let entry = found?.pointee else { return nil }
        name = String(cString: entry.pw_name)
        id = entry.pw_uid
        var own = entry.pw_gid
        if !settings.group.isEmpty {
            guard let group = Self.group(settings.group) else { return nil }
            own = group
        }
        group = own
        // Linux knows 65536 at most; nobody who has more than these is denied what they may.
        var count: Int32 = 4096
        var groups = [gid_t](repeating: 0, count: Int(count))
        guard getgrouplist(name, own, &groups, &count) >= 0 else { return nil }
        self.groups =
            groups.prefix(Int(count)) + settings.supplementaryGroups.compactMap(Self.group)
    }

    private static func group(_ text: String) -> gid_t? {
        gid_t(text) ?? getgrnam(text)?.pointee.gr_gid
    }

    /// Makes this process act as the user, for good. Needs root.
    ///
    /// - Returns: `false` when the system does not let us.
    ///
    /// See setgroups(2) and setuid(2).
    package func become() -> Bool {
        setgroups(groups.count, groups) == 0 && setgid(group) == 0 && setuid(id) == 0
    }
}
