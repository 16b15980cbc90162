import Glibc

/// Reads what the kernel counts of this process.
struct ProcessFacts: Sendable {
    /// Time on a processor, user and system.
    var cpu: Duration
    /// Memory that is in use; `nil` where /proc does not tell.
    var residentBytes: Int?
    /// Open file descriptors; `nil` where /proc does not tell.
    var openFiles: Int?
    /// The most that may be open; `nil` without a limit.
    var mostFiles: Int?

    /// How it is now; see getrusage(2), proc(5), getrlimit(2).
    static func current() -> ProcessFacts {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return ProcessFacts(
            cpu: Duration(usage.ru_utime) + Duration(usage.ru_stime),
            residentBytes: residentPages().map { $0 * sysconf(Int32(_SC_PAGESIZE)) },
            openFiles: countOpenFiles(),
            mostFiles: Int(exactly: limit.rlim_cur)
        )
    }

    /// The second number of /proc/self/statm.
    private static func residentPages() -> Int? {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let numbers = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: " ")
        return numbers.count > 1 ? Int(numbers[1]) : nil
    }

    private static func countOpenFiles() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Without "." and "..", and without the directory itself.
        return count - 3
    }
}

extension Duration {
    fileprivate init(_ time: timeval) {
        self = .seconds(time.tv_sec) + .microseconds(time.tv_usec)
    }
}
