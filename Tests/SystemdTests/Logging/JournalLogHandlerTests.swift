import Glibc
import Logging
import Synchronization
import Testing

@testable import Systemd

@Suite struct JournalLogHandlerTests {
    @Test func anEntrySaysWhatHowUrgentAndWhere() throws {
        let journal = EntryCollector()
        let line: UInt = #line + 1
        journal.logger().notice("registered", metadata: ["service": "web"])
        let entry = try #require(journal.entries.first)
        #expect(entry.fields.first?.name == "MESSAGE")
        #expect(entry["MESSAGE"] == ["registered service=web"])
        #expect(entry["PRIORITY"] == ["5"])
        #expect(entry["SYSLOG_IDENTIFIER"] == ["discoveryd"])
        #expect(entry["CODE_FILE"] == [#fileID])
        #expect(entry["CODE_LINE"] == [String(line)])
        #expect(entry["CODE_FUNC"] == [#function])
        #expect(entry["LOGGER"] == ["registration"])
        #expect(entry["DISCOVERYD_SERVICE"] == ["web"])
        #expect(entry.fields.count == 8)
    }

    @Test func theFieldsAreSortedAndKeepTheirValuesAsTheyAre() throws {
        let journal = EntryCollector()
        journal.logger().info("seen", metadata: ["zone": "a", "name": "x\nPRIORITY=0\u{1B}"])
        let entry = try #require(journal.entries.first)
        #expect(entry["DISCOVERYD_NAME"] == ["x\nPRIORITY=0\u{1B}"])
        #expect(entry["PRIORITY"] == ["6"])
        #expect(entry.fields.suffix(2).map(\.name) == ["DISCOVERYD_NAME", "DISCOVERYD_ZONE"])
        #expect(entry["MESSAGE"] == [#"seen name="x\nPRIORITY=0\u{1b}" zone=a"#])
    }

    @Test func theErrorHasFieldsOfItsOwn() throws {
        let journal = EntryCollector()
        let error = SystemdError(code: .notificationNotSent, message: "no", errno: ENOENT)
        journal.logger().error("failed", error: error)
        let entry = try #require(journal.entries.first)
        #expect(entry["PRIORITY"] == ["3"])
        #expect(entry["DISCOVERYD_ERROR"] == ["no (No such file or directory)"])
        #expect(entry["DISCOVERYD_ERROR_TYPE"] == ["Systemd.SystemdError"])
        #expect(entry["MESSAGE"] == [#"failed error="no (No such file or directory)""#])
    }

    @Test(arguments: ["39F53479D3A045AC8E11786248231FBF", "39f53479-d3a0-45ac-8e11-786248231fbf"])
    func aMessageIdBecomesTheJournalsOwnField(id: String) throws {
        let journal = EntryCollector()
        journal.logger().info("started", metadata: ["message_id": .string(id)])
        let entry = try #require(journal.entries.first)
        #expect(entry["MESSAGE_ID"] == ["39f53479d3a045ac8e11786248231fbf"])
        #expect(entry["DISCOVERYD_MESSAGE_ID"].isEmpty)
        #expect(entry["MESSAGE"] == ["started"])
    }

    @Test(arguments: ["", "started", "39f53479d3a045ac8e11786248231fb", "日本語日本語日本語日本"])
    func aMessageIdThatIsNoneIsAnOrdinaryField(id: String) throws {
        let journal = EntryCollector()
        journal.logger().info("started", metadata: ["message_id": .string(id)])
        let entry = try #require(journal.entries.first)
        #expect(entry["MESSAGE_ID"].isEmpty)
        #expect(entry["DISCOVERYD_MESSAGE_ID"] == [id])
    }

    @Test func theProviderAddsFieldsAndTheStatementWins() throws {
        let journal = EntryCollector()
        let provider = Logger.MetadataProvider { ["service": "provider", "zone": "provider"] }
        var logger = journal.logger(provider: provider)
        logger[metadataKey: "service"] = "logger"
        logger.info("said", metadata: ["zone": "statement"])
        let entry = try #require(journal.entries.first)
        #expect(logger[metadataKey: "service"] == "logger")
        #expect(entry["DISCOVERYD_SERVICE"] == ["provider"])
        #expect(entry["DISCOVERYD_ZONE"] == ["statement"])
    }

    @Test func anEntryIsBounded() throws {
        let journal = EntryCollector()
        let long = String(repeating: "x", count: 100_000)
        let pairs = (0..<500).map { ("key\($0)", Logger.MetadataValue.string(long)) }
        journal.logger().info("much", metadata: Dictionary(uniqueKeysWithValues: pairs))
        let entry = try #require(journal.entries.first)
        #expect(entry.fields.count == JournalEntry.fieldLimit)
        #expect(entry.fields.allSatisfy { $0.value.utf8.count <= JournalEntry.valueByteLimit })
    }

    @Test func whatTheJournalRefusesGoesToTheFallback() {
        let journal = EntryCollector(answer: -ECONNREFUSED)
        let log = LineCollector()
        journal.logger(fallback: log.writer).warning("a\nb", metadata: ["service": "web"])
        #expect(log.lines == ["<4>a\\nb service=web\n"])
    }

    @Test func whatTheJournalTakesDoesNotGoToTheFallback() {
        let journal = EntryCollector()
        let log = LineCollector()
        journal.logger(fallback: log.writer).warning("said")
        #expect(journal.entries.count == 1)
        #expect(log.lines.isEmpty)
    }
}

/// Takes entries in the journal's place.
private final class EntryCollector: Sendable {
    private let collected = Mutex<[JournalEntry]>([])
    private let answer: Int32

    /// - Parameter answer: What sd_journal_sendv(3) is to return.
    init(answer: Int32 = 0) {
        self.answer = answer
    }

    var entries: [JournalEntry] {
        self.collected.withLock { $0 }
    }

    func logger(
        fallback: LogWriter = LogWriter { Issue.record("fallback: \($0)") },
        provider: Logger.MetadataProvider? = nil
    ) -> Logger {
        Logger(label: "registration") { label in
            JournalLogHandler(
                label: label,
                identifier: "discoveryd",
                fieldPrefix: "discoveryd",
                fallback: fallback,
                metadataProvider: provider
            ) { entry in
                self.collected.withLock { $0.append(entry) }
                return self.answer
            }
        }
    }
}
