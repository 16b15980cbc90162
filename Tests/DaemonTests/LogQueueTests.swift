import Files
import Logging
import Synchronization
import TestKit
import Testing

@testable import Daemon

@Suite struct LogQueueTests {
    @Test func `entries are written in the order in which they came`() async {
        let (written, log, queue) = queue(capacity: 100)
        for number in 1...50 { log.notice("\(number)") }
        await queue.flush(within: .seconds(30))
        #expect(written.all == (1...50).map { "\($0)" })
    }

    @Test func `a log that hangs holds up nobody who logs`() async {
        let hang = Hang()
        let (written, log, queue) = queue(capacity: 100, hang)
        for number in 1...50 { log.notice("\(number)") }
        await hang.happened()
        // Whoever ends goes on without it.
        await queue.flush(within: .milliseconds(10))
        #expect(written.all == [])
        hang.release()
        await queue.flush(within: .seconds(30))
        #expect(written.all.count == 50)
    }

    @Test func `of a flood the first are kept, and the number of the others is logged once`() async
    {
        let hang = Hang()
        let (written, log, queue) = queue(capacity: 100, hang)
        log.notice("0")
        await hang.happened()
        for number in 1...100_000 { log.notice("\(number)") }
        hang.release()
        await queue.flush(within: .seconds(30))
        let lines = written.all
        // The one that is being written counts as one that waits.
        #expect(lines.filter { Int($0) != nil } == (0..<100).map { "\($0)" })
        let notes = lines.filter { Int($0) == nil }
        #expect(notes == ["\(LogMessage.logEntriesLeftOut.text): 99901"])
        // With room again, all is written again.
        log.notice("later")
        await queue.flush(within: .seconds(30))
        #expect(written.all.last == "later")
    }

    @Test func `of long entries fewer wait, and one is always written`() async {
        let hang = Hang()
        let (written, log, queue) = queue(capacity: 100, bytes: 1000, hang)
        let long = String(repeating: "x", count: 400)
        for _ in 0..<10 { log.notice("\(long)") }
        await hang.happened()
        hang.release()
        await queue.flush(within: .seconds(30))
        #expect(written.all == [long, "\(LogMessage.logEntriesLeftOut.text): 8", long])
        log.notice("\(String(repeating: "y", count: 5000))")
        await queue.flush(within: .seconds(30))
        #expect(written.all.last?.count == 5000)
    }

    @Test func `an entry that waited for long says when it came`() async {
        let (written, log, queue) = queue(capacity: 100, late: .zero)
        log.notice("entry")
        await queue.flush(within: .seconds(30))
        #expect(written.all == ["entry late"])
    }

    @Test func `at the end what is being written is waited for`() async {
        let (written, log, queue) = queue(capacity: 100)
        let hang = Hang()
        let slow = Logger(label: "slow") { _ in
            queue.handler(
                Handler {
                    if "\($0.message)" == "last" { hang.wait() }
                    written.record("\($0.message)")
                }
            )
        }
        log.notice("first")
        slow.notice("last")
        await hang.happened()
        let flushed = Task { await queue.flush(within: .seconds(30)) }
        hang.release()
        await flushed.value
        #expect(written.all == ["first", "last"])
    }

    @Test func `what a logger adds to its entries goes with them`() async {
        let written = Recorder<String>()
        let queue = LogQueue(on: BlockingThread("log"))
        var log = Logger(label: "test") { _ in
            queue.handler(Handler { written.record("\($0.message) \($0.metadata ?? [:])") })
        }
        log.logLevel = .warning
        log[metadataKey: "key"] = "value"
        log.notice("too little")
        log.warning("enough", metadata: ["own": "1"])
        await queue.flush(within: .seconds(30))
        #expect(log[metadataKey: "key"] == "value")
        #expect(written.all == ["enough [\"own\": 1]"])
    }

    private func queue(
        capacity: Int,
        bytes: Int = .max,
        late: Duration = .seconds(3600),
        _ hang: Hang? = nil
    ) -> (Recorder<String>, Logger, LogQueue) {
        let written = Recorder<String>()
        let queue = LogQueue(
            on: BlockingThread("log"),
            limits: .init(count: capacity, bytes: bytes, late: late)
        )
        let log = Logger(label: "test") { _ in
            queue.handler(
                Handler {
                    hang?.wait()
                    let came = $0.metadata?["logged_at"].map { _ in " late" }
                    written.record("\($0.message)\(came ?? "")")
                }
            )
        }
        return (written, log, queue)
    }
}

/// Hands each entry to a closure.
private struct Handler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    let take: @Sendable (LogEvent) -> Void

    init(_ take: @escaping @Sendable (LogEvent) -> Void) {
        self.take = take
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { take(event) }
}
