import Glibc

/// A user or a group of this host.
package struct Account: Hashable, Sendable, CustomStringConvertible {
    /// Its name, or its number where it was configured by that.
    package let name: String
    /// Its number.
    package let id: UInt32

    package var description: String { name }
}

/// Looks users and groups up: the host's own database, or a test's.
package struct Accounts: Sendable {
    /// The number of a user of that name.
    package var userID: @Sendable (_ name: String) -> UInt32?
    /// The number of a group of that name.
    var groupID: @Sendable (_ name: String) -> UInt32?

    package func user(_ text: String) -> Account? { Self.account(text, userID) }
    package func group(_ text: String) -> Account? { Self.account(text, groupID) }

    /// A number is taken as it is: it need not have a name.
    private static func account(_ text: String, _ look: (String) -> UInt32?) -> Account? {
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let id = isNumber ? UInt32(text) : look(text)
        // The greatest number says "leave it as it is" to chown(2).
        return id.flatMap { $0 == .max ? nil : Account(name: text, id: $0) }
    }

    /// The host's; see getpwnam_r(3) and getgrnam_r(3).
    package static let ofHost = Accounts(
        userID: { name in
            withRoom { room, size in
                var entry = passwd()
                var found: UnsafeMutablePointer<passwd>?
                let code = getpwnam_r(name, &entry, room, size, &found)
                return (code, found == nil ? nil : entry.pw_uid)
            }
        },
        groupID: { name in
            withRoom { room, size in
                var entry = Glibc.group()
                var found: UnsafeMutablePointer<Glibc.group>?
                let code = getgrnam_r(name, &entry, room, size, &found)
                return (code, found == nil ? nil : entry.gr_gid)
            }
        }
    )

    /// Lends `look` more and more room until it is enough: a group may have thousands of members.
    private static func withRoom(
        _ look: (_ room: UnsafeMutablePointer<CChar>, _ size: Int) -> (code: Int32, id: UInt32?)
    ) -> UInt32? {
        var size = 4096
        while size <= 4 << 20 {
            let room = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { room.deallocate() }
            let (code, id) = look(room, size)
            if code != ERANGE { return id }
            size *= 4
        }
        return nil
    }
}
