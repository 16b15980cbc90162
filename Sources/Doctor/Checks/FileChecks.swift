import Configuration
import Texts

// Directories that the daemon writes to, and who can read what it writes.
extension Facts {
    /// The space below which nothing can be written any more, and the one below which it is said.
    private static let (leastSpace, littleSpace): (UInt64, UInt64) = (1 << 20, 64 << 20)
    private static let (leastFiles, littleFiles): (UInt64, UInt64) = (4, 256)

    /// `directories`: each is there, is one, and the daemon's user may write to it; there is room.
    func checkDirectories() -> Finding {
        guard let configuration else { return .skipped("there is no configuration") }
        // Without the unit nobody makes these two, and the daemon runs without.
        var directories = unit.isLoaded ? [stateDirectory, runtimeDirectory] : []
        for output in configuration.outputs {
            let one = directory(of: output.path)
            if !directories.contains(one) { directories.append(one) }
        }
        var problems: [Problem] = []
        var unseen: [String] = []
        for path in directories {
            guard let facts = paths[path] else {
                problems.append(
                    .failed(
                        "\(path) does not answer in time: its file system hangs",
                        "see dmesg, and whether the server of that file system is there ('findmnt -T \(path)')"
                    )
                )
                continue
            }
            if facts.errno == .some(Self.notAllowed) {
                unseen.append(path)
            } else if let problem = problem(ofDirectory: facts) {
                problems.append(problem)
            }
        }
        for output in configuration.outputs {
            if let fault = staging[output.path] {
                problems.append(
                    .failed(fault, "remove that directory; the daemon makes it anew")
                )
            }
        }
        let spaces = directories.compactMap { paths[$0]?.space?.available }
        let room = spaces.min().map { ", at least \($0 >> 20) MB free" } ?? ""
        let note =
            unseen.isEmpty
            ? "" : "; not looked at, as \(me.name) may not: \(unseen.joined(separator: ", "))"
        return Finding(
            "\(counted(directories.count - unseen.count, "director"))".asDirectories
                + ", writable for \(actor.name)\(room)\(note)",
            problems
        )
    }

    /// EACCES, see errno(3).
    private static let notAllowed: Int32 = 13
    /// ENOENT.
    static let missing: Int32 = 2

    private func problem(ofDirectory facts: PathFacts) -> Problem? {
        let path = facts.path
        guard let target = facts.target else {
            if facts.errno == Self.missing { return problem(ofMissing: facts) }
            return .failed(
                "\(path) cannot be looked at: \(errnoText(facts.errno ?? 0))",
                "look at its file system: it may be gone or hang"
            )
        }
        guard target.kind == .directory else {
            return .failed("\(path) is no directory", "remove the file that is there")
        }
        if let step = seen(facts).refusal(of: actor, .writeAndSearch) {
            guard step.path == target.path else {
                return .failed(
                    "\(actor.name) cannot get to \(path): \(step.path) has \(step.words)",
                    "write to another directory, such as /run/discoveryd, or let it pass: "
                        + "setfacl -m u:\(actor.name):x \(step.path)"
                )
            }
            return .failed(
                "\(path) is not writable for \(actor.name): \(step.words)",
                isMadeAtStart(path)
                    ? "'systemctl restart discoveryd' gives it to \(actor.name)"
                    // Whose directory this is nobody here knows, so it stays with whom it belongs to.
                    : "write to a directory of its own, such as /run/discoveryd, or make one: "
                        + "install -d -o \(actor.name) DIRECTORY"
            )
        }
        guard let space = facts.space else { return nil }
        if space.isReadOnly {
            return .failed(
                "\(path) is on a file system that is mounted read-only",
                "mount it read-write: the kernel may have found an error, see dmesg"
            )
        }
        let (left, files) = (space.available, space.files ?? .max)
        let words = files < Self.littleFiles ? "\(files) files" : "\(left >> 10) KB"
        if left < Self.leastSpace || files < Self.leastFiles {
            return .failed("no room is left at \(path): \(words)", "make room on that file system")
        }
        if left < Self.littleSpace || files < Self.littleFiles {
            return .warning(
                "little room is left at \(path): \(words)",
                "make room on that file system"
            )
        }
        return nil
    }

    /// The path as the daemon sees it: in the namespace of a unit with `DynamicUser=` the directory that keeps others
    /// out of the unit's own lets pass, see systemd.exec(5).
    private func seen(_ facts: PathFacts) -> PathFacts {
        guard unit.properties?.isYes("DynamicUser") == true, let target = facts.target,
            Sandbox.isBelow(target.path, madeAtStart.map(real))
        else { return facts }
        var facts = facts
        facts.steps.removeAll { step in
            ["/run/private", "/var/lib/private", "/var/cache/private", "/var/log/private"]
                .contains(step.path)
        }
        return facts
    }

    /// A path without symbolic links, where it was looked at.
    func real(_ path: String) -> String { paths[path]?.target?.path ?? path }

    private func problem(ofMissing facts: PathFacts) -> Problem? {
        let path = facts.path
        if !isRunning, isMadeAtStart(path) { return nil }
        return .failed(
            "\(path) does not exist",
            isMadeAtStart(path)
                ? "'systemctl restart discoveryd' makes it"
                : "install -d -o \(actor.name) \(path)"
        )
    }

    /// Whether systemd makes a directory before the daemon starts.
    func isMadeAtStart(_ path: String) -> Bool {
        guard unit.isLoaded else { return false }
        return madeAtStart.contains { path == $0 }
    }

    /// The directories that systemd makes before the daemon starts.
    var madeAtStart: [String] {
        guard let properties = unit.properties else { return [] }
        return properties.list("RuntimeDirectory").map { "/run/\($0)" }
            + properties.list("StateDirectory").map { "/var/lib/\($0)" }
            + properties.list("CacheDirectory").map { "/var/cache/\($0)" }
    }

    /// `consumers`: the user that is taken to read an output can.
    func checkConsumers() -> Finding {
        guard let configuration else { return .skipped("there is no configuration") }
        var problems: [Problem] = []
        var (readable, unknown): ([String], [String]) = ([], [])
        for output in configuration.outputs {
            guard let reader = readers[output.path], let facts = paths[output.path] else {
                unknown.append(output.path)
                continue
            }
            guard let user = reader.user else {
                unknown.append(output.path)
                continue
            }
            guard facts.errno == nil || facts.errno == Self.missing else {
                unknown.append(output.path)
                continue
            }
            // A directory that is not there is said by `directories`.
            if let step = facts.refusal(of: user, .read) {
                problems.append(
                    .failed(
                        "\(reader.name) (\(reader.reason)) cannot read \(output.path): \(step.path) has "
                            + step.words,
                        step.path == facts.target?.path
                            ? "set mode or group of the output, see discoveryd.conf(5)"
                            : "write to another directory, or let it pass: setfacl -m u:\(reader.name):x "
                                + step.path
                    )
                )
            } else {
                readable.append("\(output.path) by \(reader.name) (\(reader.reason))")
            }
        }
        if readable.isEmpty, problems.isEmpty {
            return .skipped(
                "no output says who reads it, by its format or the unit that it reloads"
            )
        }
        let rest =
            unknown.isEmpty ? "" : "; of \(unknown.joined(separator: ", ")) no reader is known"
        return Finding("readable: \(readable.joined(separator: ", "))\(rest)", problems)
    }
}

extension String {
    /// `1 director` and `2 directors` as they should be.
    fileprivate var asDirectories: String {
        hasSuffix("directors") ? "\(dropLast())ies" : "\(self)y"
    }
}
