import Glibc

/// The process that has a lock.
package struct LockHolder: Hashable, Sendable, CustomStringConvertible {
    /// Its process id.
    package let process: Int32
    /// The unit of systemd that it belongs to, if it does.
    package let unit: String?

    /// The process, and its unit.
    package var description: String {
        "process \(process)" + (unit.map { " of \($0)" } ?? "")
    }

    /// Finds who has the lock of flock(2) on an open file; see proc_locks(5). `nil` where the system does not tell,
    /// as in the unit's sandbox.
    init?(of descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, let locks = Self.read("/proc/locks") else {
            return nil
        }
        // 1: FLOCK  ADVISORY  WRITE 4711 00:2e:1234567 0 EOF
        let place = Self.place(of: status)
        var found: Int32?
        for line in locks.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 8, words[1] == "FLOCK", words[5] == place,
                let process = Int32(words[4]), process > 0, process != getpid()
            else { continue }
            found = process
        }
        guard let found else { return nil }
        process = found
        let groups = Self.read("/proc/\(found)/cgroup") ?? ""
        unit = groups.split { $0 == "/" || $0 == "\n" }.last { $0.hasSuffix(".service") }
            .map(String.init)
    }

    /// The device and the inode, as the kernel writes them there; see makedev(3).
    private static func place(of status: stat) -> String {
        let device = UInt64(status.st_dev)
        let major = (device >> 8 & 0xfff) | (device >> 32 & ~0xfff)
        let minor = (device & 0xff) | (device >> 12 & ~0xff)
        let parts = [major, minor].map { part in
            let digits = String(part, radix: 16)
            return digits.utf8.count < 2 ? "0\(digits)" : digits
        }
        return "\(parts[0]):\(parts[1]):\(status.st_ino)"
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 * 1024)
        // A host has a few hundred locks; what is longer than this is not read to its end.
        while bytes.count < 1 << 20 {
            let count = Glibc.read(file, &block, block.count)
            guard count > 0 else { break }
            bytes += block.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
