import Glibc

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
