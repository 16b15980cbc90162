import Texts

/// What stat(2) says of a path and of every directory that leads to it, symbolic links resolved.
package struct PathFacts: Hashable, Sendable {
    /// The kind of a file.
    package enum Kind: Hashable, Sendable {
        case directory, file, socket, other
    }

    /// One part of the path.
    package struct Step: Hashable, Sendable {
        package var path: String
        package var kind: Kind
        /// The permission bits.
        package var mode: UInt32
        package var owner: UInt32
        package var group: UInt32
        /// Whether it has an access list, which mode bits do not tell; see acl(5).
        package var hasAccessList = false

        package init(
            _ path: String,
            _ kind: Kind = .directory,
            mode: UInt32 = 0o755,
            owner: UInt32 = 0,
            group: UInt32 = 0
        ) {
            self.path = path
            self.kind = kind
            self.mode = mode
            self.owner = owner
            self.group = group
        }
    }

    /// The file system that the path is on.
    package struct Space: Hashable, Sendable {
        /// What is left for users other than root, and all of it, in bytes.
        package var available: UInt64
        package var total: UInt64
        /// How many files can still be made; `nil` where that has no limit.
        package var files: UInt64?
        package var isReadOnly = false

        package init(available: UInt64, total: UInt64, files: UInt64? = nil) {
            self.available = available
            self.total = total
            self.files = files
        }
    }

    /// The path that was asked for.
    package var path: String
    /// From `/` to the path, or as far as there is anything.
    package var steps: [Step]
    /// What stopped the look: the errno of stat(2); `nil` when all is there.
    package var errno: Int32?
    package var space: Space?
    /// When it last changed, in seconds since 1970, where it is there.
    package var modified: Int?
    /// Whether it begins with `#!`, so that whoever runs it has to read it too; looked at for programs alone.
    package var isScript = false

    package init(_ path: String, _ steps: [Step], errno: Int32? = nil, space: Space? = nil) {
        self.path = path
        self.steps = steps
        self.errno = errno
        self.space = space
    }

    /// The path itself, where it is there.
    package var target: Step? { errno == nil ? steps.last : nil }

    /// The rights that can be asked for, as bits of a mode's last digit.
    enum Right: UInt32 {
        case read = 4
        case write = 2
        case search = 1
        case writeAndSearch = 3
        case readAndSearch = 5
    }

    /// Finds what keeps a user from the path, by the bits of owner, group and others.
    ///
    /// - Returns: The first step in the way; `nil` when none is. Root may all; one with an access list is taken to
    ///   allow it.
    func refusal(of user: UserFacts, _ right: Right) -> Step? {
        guard user.id != 0 else { return nil }
        for step in steps.dropLast() where !Self.allows(step, user, .search) { return step }
        guard let last = steps.last else { return nil }
        // Of a path that ends early the last step is a directory that is only passed.
        let wanted = errno == nil ? right : .search
        return Self.allows(last, user, wanted) ? nil : last
    }

    private static func allows(_ step: Step, _ user: UserFacts, _ right: Right) -> Bool {
        if step.hasAccessList { return true }
        let bits =
            if step.owner == user.id {
                step.mode >> 6
            } else if user.groups.contains(step.group) {
                step.mode >> 3
            } else {
                step.mode
            }
        return bits & right.rawValue == right.rawValue
    }
}

extension PathFacts.Step {
    /// `owner 0, group 0, mode 0750`.
    var words: String { "owner \(owner), group \(group), mode 0\(String(mode, radix: 8))" }
}
