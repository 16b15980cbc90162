import Logging
import Testing

@testable import Systemd

@Suite struct PrefixedLogHandlerTests {
    @Test(arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2]))
    func eachLevelHasItsPriority(level: Logger.Level, priority: Int) {
        let log = LineCollector()
        var logger = Logger(label: "test") { PrefixedLogHandler(label: $0, writer: log.writer) }
        logger.logLevel = .trace
        logger.log(level: level, "said")
        #expect(log.lines == ["<\(priority)>said\n"])
    }

    @Test func whatIsBelowTheLevelIsNotLogged() {
        let log = LineCollector()
        let logger = Logger(label: "test") { PrefixedLogHandler(label: $0, writer: log.writer) }
        logger.debug("detail")
        logger.info("said")
        #expect(log.lines == ["<6>said\n"])
    }

    @Test func aForgedPriorityStaysInsideTheLine() {
        let log = LineCollector()
        let logger = Logger(label: "test") { PrefixedLogHandler(label: $0, writer: log.writer) }
        logger.warning("endpoint refused", metadata: ["value": "x\n<0>all is lost"])
        #expect(log.lines == [#"<4>endpoint refused value="x\n<0>all is lost""# + "\n"])
    }

    @Test func aLineIsBoundedSoThatJournaldDoesNotSplitIt() throws {
        let log = LineCollector()
        let logger = Logger(label: "test") { PrefixedLogHandler(label: $0, writer: log.writer) }
        let long = Logger.MetadataValue.string(String(repeating: "日", count: 100_000))
        logger.info("read", metadata: ["value": long, "z": long])
        let line = try #require(log.lines.first)
        #expect(line.utf8.count <= LogText.byteLimit + 1)
        #expect(line.utf8.count > LogText.byteLimit - 4)
        #expect(line.hasPrefix("<6>read value=日日"))
        #expect(line.hasSuffix("日…\n"))
    }

    @Test func ofOneKeyTheNearestWins() {
        let log = LineCollector()
        let provider = Logger.MetadataProvider { ["b": "provider", "c": "provider"] }
        var logger = Logger(label: "test") {
            PrefixedLogHandler(label: $0, writer: log.writer, metadataProvider: provider)
        }
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.info("said", metadata: ["c": "statement"])
        #expect(log.lines == ["<6>said a=logger b=provider c=statement\n"])
    }

    @Test func theMetadataOfACopyIsItsOwn() {
        let log = LineCollector()
        let logger = Logger(label: "test") { PrefixedLogHandler(label: $0, writer: log.writer) }
        var copy = logger
        copy[metadataKey: "service"] = "web"
        copy.logLevel = .error
        logger.info("said")
        copy.error("said")
        #expect(copy[metadataKey: "service"] == "web")
        #expect(log.lines == ["<6>said\n", "<3>said service=web\n"])
    }
}
