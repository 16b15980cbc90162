import CAccessLists
import Glibc

/// Looks at paths with stat(2). Blocks, for a thread of its own.
enum PathLook {
    /// Looks at a path and every directory that leads to it.
    static func look(at path: String) -> PathFacts {
        var status = stat()
        let code = stat(path, &status) == 0 ? nil : errno
        var existing = path
        var resolved = real(existing)
        while resolved == nil, existing != "/" {
            existing = directory(of: existing)
            resolved = real(existing)
        }
        var facts = PathFacts(path, [], errno: code)
        var place = ""
        let parts = (resolved ?? "/").split(separator: "/").map(String.init)
        if let top = step("/") { facts.steps.append(top) }
        for part in parts {
            place += "/\(part)"
            guard let step = step(place) else { break }
            facts.steps.append(step)
        }
        guard code == nil else { return facts }
        facts.modified = status.st_mtim.tv_sec
        if status.st_mode & S_IFMT == S_IFDIR { facts.space = space(of: path) }
        return facts
    }

    /// Looks at a program, and whether it is a script.
    static func look(atProgram path: String) -> PathFacts {
        var facts = look(at: path)
        // Non-blocking, so that a pipe without a writer is no wait.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard file >= 0 else { return facts }
        defer { close(file) }
        var head: [UInt8] = [0, 0]
        facts.isScript = read(file, &head, 2) == 2 && head == Array("#!".utf8)
        return facts
    }

    private static func step(_ path: String) -> PathFacts.Step? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        let kind: PathFacts.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFDIR: .directory
            case S_IFREG: .file
            case S_IFSOCK: .socket
            default: .other
            }
        var step = PathFacts.Step(
            path,
            kind,
            mode: status.st_mode & 0o7777,
            owner: status.st_uid,
            group: status.st_gid
        )
        step.hasAccessList = caccesslists_has(path) != 0
        return step
    }

    /// See statvfs(3).
    private static func space(of path: String) -> PathFacts.Space? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let block = UInt64(status.f_frsize)
        var space = PathFacts.Space(
            available: UInt64(status.f_bavail) * block,
            total: UInt64(status.f_blocks) * block,
            // File systems without a table of files have none.
            files: status.f_files == 0 ? nil : UInt64(status.f_favail)
        )
        space.isReadOnly = status.f_flag & UInt(ST_RDONLY) != 0
        return space
    }

    /// The path without symbolic links; see realpath(3).
    private static func real(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    /// The name of a group; `nil` when it has none.
    static func groupName(_ id: UInt32) -> String? {
        guard let entry = getgrgid(id) else { return nil }
        return String(cString: entry.pointee.gr_name)
    }
}
