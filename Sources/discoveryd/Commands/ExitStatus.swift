import ArgumentParser

/// What the program ends with, as in sysexits(3): systemd knows these by name.
enum ExitStatus {
    /// etcd is not reachable.
    static let unavailable = ExitCode(69)
    /// A fault of ours.
    static let software = ExitCode(70)
    /// A file cannot be created.
    static let cannotCreate = ExitCode(73)
    /// The configuration is faulty.
    static let configuration = ExitCode(78)
}
