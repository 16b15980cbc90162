import EndpointFiles
import Files
import Logging
import Synchronization

/// Remembers why something could not be saved for the next run, and logs each cause once.
final class KeepTrouble: Sendable {
    private let message: LogMessage
    private let log: Logger
    private let last = Mutex<FileError?>(nil)

    /// - Parameter message: What is logged when a write fails.
    init(_ message: LogMessage, log: Logger) {
        self.message = message
        self.log = log
    }

    /// Why the last write failed, if it did.
    var current: FileError? { last.withLock { $0 } }

    /// Writes something, and notes how that went.
    func note(_ write: () throws(FileError) -> Void) {
        do throws(FileError) {
            try write()
            last.withLock { $0 = nil }
        } catch {
            let isNews = last.withLock { last in
                defer { last = error }
                return last != error
            }
            if isNews { log.log(message, "\(error)") }
        }
    }
}
