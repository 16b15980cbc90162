import ArgumentParser

/// The exit statuses of the program, as in sysexits(3): systemd knows these by name.
enum ExitStatus {
    /// What the command line asks for is not there.
    static let usage = ExitCode(64)
    /// A template, or the data for it, is faulty.
    static let data = ExitCode(65)
    /// etcd is not reachable, or the daemon does not run.
    static let unavailable = ExitCode(69)
    /// A fault of ours.
    static let software = ExitCode(70)
    /// A file cannot be created.
    static let cannotCreate = ExitCode(73)
    /// What was to be printed cannot be written.
    static let cannotWrite = ExitCode(74)
    /// It did not come to pass in time; try again.
    static let tryAgain = ExitCode(75)
    /// We may not.
    static let notPermitted = ExitCode(77)
    /// The configuration is faulty.
    static let configuration = ExitCode(78)
}
