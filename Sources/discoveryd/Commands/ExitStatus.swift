import ArgumentParser
import Glibc

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

/// Text for people and programs on the two standard streams.
enum Terminal {
    /// Writes to standard output; ends the program quietly when nobody reads any more.
    static func print(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    /// Writes a line to standard error.
    static func complain(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    /// Whether standard output is a terminal that understands cursor movements.
    static var isInteractive: Bool {
        let kind = getenv("TERM").map { String(cString: $0) } ?? "dumb"
        return isatty(STDOUT_FILENO) == 1 && kind != "dumb"
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                // Nobody reads: `discoveryd list | head` is no error.
                return
            }
            bytes = bytes.dropFirst(count)
        }
    }
}
