import Files
import Glibc

/// Finds the daemons that run here in /proc; see proc_pid_cmdline(5).
package enum DaemonProcesses {
    /// Commands that are none.
    private static let others: Set<String> = [
        "check", "list", "watch", "render", "status", "wait", "drain", "undrain", "reload", "dev",
        "doctor", "explain", "events", "help", "--help", "--version",
    ]

    /// Those of this PID namespace. Without root those of other users are not told from those of containers, and are
    /// left out.
    static func ofHost() -> [DaemonProcessFacts] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        let ours = namespace("self")
        var found: [DaemonProcessFacts] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let process = Int32(name), process != getpid(),
                let bytes = try? SmallFile.read("/proc/\(name)/cmdline", limit: 1 << 20),
                let arguments = daemonArguments(bytes),
                let theirs = namespace(name), theirs == ours
            else { continue }
            found.append(DaemonProcessFacts(process: process, arguments: arguments))
        }
        return found.sorted { $0.process < $1.process }
    }

    /// The arguments of a daemon of ours; `nil` for any other process.
    ///
    /// - Parameter bytes: What the kernel shows of them, a zero byte behind each.
    package static func daemonArguments(_ bytes: [UInt8]) -> [String]? {
        let arguments = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
        guard let program = arguments.first,
            program == "discoveryd" || program.hasSuffix("/discoveryd"),
            !arguments.dropFirst().contains(where: others.contains)
        else { return nil }
        return arguments
    }

    private static func namespace(_ process: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/\(process)/ns/pid", &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
