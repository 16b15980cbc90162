/// Tells where the sandbox of a unit lets its processes write, by its settings; see systemd.exec(5).
package struct Sandbox: Hashable, Sendable {
    /// `ProtectSystem=`: `no`, `yes`, `full` or `strict`.
    package var protectSystem: String
    /// The directories that systemd makes for the unit.
    package var made: [String]
    /// `ReadWritePaths=`, as they are written.
    package var writable: [String]
    /// `ReadOnlyPaths=` and `InaccessiblePaths=`, as they are written.
    package var closed: [String]

    package init(
        protectSystem: String,
        made: [String],
        writable: [String],
        closed: [String] = []
    ) {
        self.protectSystem = protectSystem
        self.made = made
        self.writable = writable
        self.closed = closed
    }

    /// Whether files may be written in a directory, as far as these settings say.
    ///
    /// - Parameters:
    ///   - directory: Without symbolic links.
    ///   - real: Resolves the links of a path of the settings.
    package func allowsWriting(
        in directory: String,
        real: (String) -> String = { $0 }
    ) -> Bool {
        // A dash or a plus in front says how a path is taken.
        func named(_ paths: [String]) -> [String] {
            paths.map { real(String($0.drop { $0 == "-" || $0 == "+" })) }
        }
        if Self.isBelow(directory, made.map(real) + named(writable)) { return true }
        if Self.isBelow(directory, named(closed)) { return false }
        return switch protectSystem {
        case "strict": Self.isBelow(directory, ["/tmp", "/var/tmp", "/dev/shm"].map(real))
        case "full": !Self.isBelow(directory, ["/usr", "/boot", "/efi", "/etc"])
        case "yes": !Self.isBelow(directory, ["/usr", "/boot", "/efi"])
        default: true
        }
    }

    /// Whether a path is one of these directories, or in one.
    static func isBelow(_ path: String, _ tops: [String]) -> Bool {
        tops.contains { top in path == top || path.hasPrefix(top.hasSuffix("/") ? top : "\(top)/") }
    }
}
