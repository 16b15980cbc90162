import ArgumentParser
import Glibc
import Texts

/// Text for people and programs on the two standard streams.
enum Terminal {
    /// Writes to standard output, as it is; texts that may hold somebody else's words are made ``visible(_:)``
    /// first. Ends the program when it cannot: with status 0 when nobody reads any more, as in
    /// `discoveryd list | head`, and with ``ExitStatus/cannotWrite`` and a sentence otherwise.
    static func print(_ text: String) {
        let error = write(text, to: STDOUT_FILENO)
        switch error {
        case 0: return
        case EPIPE: exit(EXIT_SUCCESS)
        default:
            let reason = errnoText(error)
            complain("discoveryd: standard output cannot be written: \(reason)")
            exit(ExitStatus.cannotWrite.rawValue)
        }
    }

    /// Writes to standard output, or does not: for a program that has more to do than to print.
    static func show(_ text: String) {
        _ = write(text, to: STDOUT_FILENO)
    }

    /// Writes a line to standard error. Nothing in it can drive the terminal.
    static func complain(_ line: String) {
        _ = write(visible(line) + "\n", to: STDERR_FILENO)
    }

    /// The text with everything but its line ends made visible that moves the cursor, changes colours or turns
    /// the direction of writing round: some of it came from etcd, where anybody may have written it.
    static func visible(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { OneLine.escaped($0) }
            .joined(separator: "\n")
    }

    /// Whether standard output is a terminal that understands cursor movements.
    static var isInteractive: Bool {
        let kind = getenv("TERM").map { String(cString: $0) } ?? "dumb"
        return isatty(STDOUT_FILENO) == 1 && kind != "dumb"
    }

    /// - Returns: 0, or errno of write(2).
    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            bytes = bytes.dropFirst(count)
        }
        return 0
    }
}
