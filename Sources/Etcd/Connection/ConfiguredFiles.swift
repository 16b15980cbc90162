import Files
import Glibc
import Machines
import Texts

extension SmallFile {
    /// Reads a file that the configuration names.
    ///
    /// - Parameter setting: What the configuration calls it; for errors, which never repeat the content.
    /// - Throws: ``EtcdError`` `unusableFile`, with the remedy.
    static func read(_ path: String, limit: Int, as setting: String) throws(EtcdError) -> [UInt8] {
        do throws(Fault) {
            return try read(path, limit: limit)
        } catch {
            let what =
                switch error {
                case .unreadable(let errno): "cannot be read: \(errnoText(errno))\(remedy(errno))"
                case .notRegular: "is not a regular file"
                case .tooLarge: "holds more than \(limit) bytes; is it the right file?"
                }
            throw EtcdError(.unusableFile, "\(setting): \(path) \(what)")
        }
    }

    private static func remedy(_ errno: Int32) -> String {
        switch errno {
        case ENOENT: "; create it, or name another"
        case EACCES, EPERM:
            "; the user that this runs as must be able to read it and to enter each directory on the way"
        default: ""
        }
    }
}

extension BlockingThreads {
    /// Reads files on a thread that may wait for their disk: one that hangs is said by whoever wanted them, and
    /// holds up nothing else.
    ///
    /// - Parameters:
    ///   - setting: What the configuration calls them; for the error.
    ///   - read: Reads them.
    /// - Throws: What `read` throws; `unusableFile` when they are not read within `limit`, also because an
    ///   earlier read still waits for the disk; `cancelled`.
    func read<Value: Sendable>(
        _ setting: String,
        within limit: Duration,
        _ read: @escaping @Sendable () throws(EtcdError) -> Value
    ) async throws(EtcdError) -> Value {
        let thread = thread("etcd \(setting)")
        // Cancelled: nobody is left to be told.
        let answer = try? await Machines.within(limit) { () -> Result<Value, EtcdError>? in
            await thread.run { Result { () throws(EtcdError) in try read() } }
        }
        if let outcome = answer.flatMap({ $0 }) { return try outcome.get() }
        guard !Task.isCancelled else { throw EtcdError(.cancelled, "the read was cancelled") }
        throw EtcdError(
            .unusableFile,
            "\(setting) is not read: its disk has not answered for \(limit.text), or the system has no thread for it; "
                + "see where it is mounted from, and TasksMax= of the unit"
        )
    }
}
