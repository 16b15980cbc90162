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
            // Processes end while they are looked at, and some are not for us.
            guard let process = Int32(name), process != getpid(),
                let bytes = try? SmallFile.read("/proc/\(name)/cmdline", limit: 1 << 20),
                let arguments = daemonArguments(bytes),
                let theirs = namespace(name), theirs == ours
            else { continue }
            var facts = DaemonProcessFacts(process: process, arguments: arguments)
            if let bytes = try? SmallFile.read("/proc/\(name)/status", limit: 1 << 20) {
                facts.add(status: String(decoding: bytes, as: UTF8.self))
            }
            if let bytes = try? SmallFile.read("/proc/\(name)/environ", limit: 1 << 20) {
                facts.given = givenDirectory(bytes)
            }
            found.append(facts)
        }
        return withoutChildren(found).sorted { $0.process < $1.process }
    }

    /// Leaves out what a daemon has forked and what has not become another program yet: it looks like the daemon.
    package static func withoutChildren(_ found: [DaemonProcessFacts]) -> [DaemonProcessFacts] {
        let all = Set(found.map(\.process))
        return found.filter { !all.contains($0.parent) }
    }

    /// Reads `STATE_DIRECTORY` of an environment, a zero byte behind each variable, as the daemon does.
    package static func givenDirectory(_ bytes: [UInt8]) -> DaemonProcessFacts.GivenDirectory {
        let name = "STATE_DIRECTORY="
        for variable in bytes.split(separator: 0) where variable.starts(with: name.utf8) {
            let value = String(decoding: variable.dropFirst(name.utf8.count), as: UTF8.self)
            guard let first = value.split(separator: ":").first, first.hasPrefix("/") else {
                return .none
            }
            return .directory(String(first))
        }
        return .none
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

extension DaemonProcessFacts {
    /// Reads parent, user and groups of what the kernel tells of a process; see proc_pid_status(5). Lines that are
    /// none are passed over.
    package mutating func add(status: String) {
        var (id, groups): (UInt32?, Set<UInt32>) = (nil, [])
        for line in status.split(separator: "\n") {
            let words = line.split { $0 == "\t" || $0 == " " }
            switch words.first {
            case "PPid:": parent = words.dropFirst().first.flatMap { Int32($0) } ?? 0
            // Real, effective, saved, of the file system.
            case "Uid:" where words.count > 2: id = UInt32(words[2])
            case "Gid:" where words.count > 2:
                groups.formUnion([UInt32(words[2])].compactMap { $0 })
            case "Groups:": groups.formUnion(words.dropFirst().compactMap { UInt32($0) })
            default: break
            }
        }
        user = id.map { UserFacts(name: "uid \($0)", id: $0, groups: groups) }
    }
}
