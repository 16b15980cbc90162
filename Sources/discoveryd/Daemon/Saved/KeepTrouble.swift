import EndpointFiles
import Files
import Logging
import Synchronization

/// Why something is not kept for the next run, if it is not; said once for each cause.
final class KeepTrouble: Sendable {
    private let sentence: String
    private let log: Logger
    private let last = Mutex<FileError?>(nil)

    /// - Parameter sentence: What that means, as the beginning of a sentence.
    init(_ sentence: String, log: Logger) {
        self.sentence = sentence
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
            if isNews { log.warning("\(sentence): \(error)") }
        }
    }
}
