public import Glibc
import Synchronization

/// A program that a test started.
///
/// Not Foundation's `Process`: that learns of an end through a descriptor which every other child that
/// is started meanwhile inherits, and so waits for those as well.
public final class ChildProcess: Sendable {
    /// Why a program could not be started.
    public struct Failure: Error, CustomStringConvertible {
        /// What, and the system's word for it.
        public let description: String
    }

    /// Its process id.
    public let id: pid_t
    private let ending = Mutex<Int32?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: Its path.
    ///   - arguments: Its arguments, without its name.
    ///   - environment: Added to ours.
    ///   - output: The file that gets its standard output; thrown away when `nil`.
    ///   - errors: The same for its standard error; it may be the same file.
    ///   - blocked: The signals that are blocked as it begins, so that one that is sent at once waits for it.
    public init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        output: String? = nil,
        errors: String? = nil,
        blocked: [Int32] = []
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output ?? "/dev/null", flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors ?? "/dev/null", flags, 0o600)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Not ours: the threads of Swift's pool block nearly all.
        var mask = sigset_t()
        sigemptyset(&mask)
        for signal in blocked { sigaddset(&mask, signal) }
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1)
            if let name = pair.first {
                variables[String(name)] = pair.count > 1 ? String(pair[1]) : ""
            }
            entry += 1
        }
        variables.merge(environment) { $1 }

        let argv = ([program] + arguments).map { strdup($0) } + [nil]
        let envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var id: pid_t = 0
        let error = posix_spawn(&id, program, &actions, &attributes, argv, envp)
        guard error == 0 else {
            throw Failure(description: "\(program): \(String(cString: strerror(error)))")
        }
        self.id = id
    }

    deinit {
        kill()
    }

    /// How it ended: its exit status, or the signal that ended it, negative; `nil` while it runs.
    public var status: Int32? { reap(WNOHANG) }

    /// Sends a signal, unless it has ended.
    public func send(_ signal: Int32) {
        // Under the lock: once reaped, the id may be another process's.
        ending.withLock { if $0 == nil { Glibc.kill(id, signal) } }
    }

    /// Ends it at once, also when it is stopped, and waits for that.
    public func kill() {
        send(SIGKILL)
        _ = reap(0)
    }

    /// Waits for its end.
    ///
    /// - Returns: Its exit status, or the signal that ended it, negative.
    /// - Throws: ``DidNotHappen`` after `limit`.
    public func ended(within limit: Duration) async throws -> Int32 {
        var status: Int32?
        try await eventually("the program ends", within: limit) {
            status = self.status
            return status != nil
        }
        return status ?? 0
    }

    /// See waitpid(2).
    private func reap(_ options: Int32) -> Int32? {
        ending.withLock { ending in
            if let ending { return ending }
            var word: Int32 = 0
            while true {
                let result = waitpid(id, &word, options)
                if result == id { break }
                if result < 0, errno == EINTR { continue }
                return nil
            }
            let signal = word & 0x7f
            ending = signal == 0 ? (word >> 8) & 0xff : -signal
            return ending
        }
    }
}
