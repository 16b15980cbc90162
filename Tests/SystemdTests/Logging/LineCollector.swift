import Synchronization

@testable import Systemd

/// Keeps the lines of a log, for a test to look at.
final class LineCollector: Sendable {
    private let collected = Mutex<[String]>([])

    /// What was written, a line each, with their newlines.
    var lines: [String] {
        self.collected.withLock { $0 }
    }

    /// A writer into this collector.
    var writer: LogWriter {
        LogWriter { line in self.collected.withLock { $0.append(line) } }
    }
}
