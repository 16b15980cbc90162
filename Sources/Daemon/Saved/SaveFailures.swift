import EndpointFiles
import Files
import Logging
import Synchronization

/// Remembers why something could not be saved for the next run, and logs each cause once.
final class SaveFailures: Sendable {
    private let message: LogMessage
    private let log: Logger
    private let error = Mutex<FileError?>(nil)

    /// - Parameter message: What is logged when a write fails.
    init(_ message: LogMessage, log: Logger) {
        self.message = message
        self.log = log
    }

    /// Why the last save failed, if it did.
    var last: FileError? { error.withLock { $0 } }

    /// Saves something, and notes how that went.
    func note(_ save: () throws(FileError) -> Void) {
        do throws(FileError) {
            try save()
            self.error.withLock { $0 = nil }
        } catch {
            let isNews = self.error.withLock { last in
                defer { last = error }
                return last != error
            }
            if isNews { log.log(message, "\(error)") }
        }
    }
}
