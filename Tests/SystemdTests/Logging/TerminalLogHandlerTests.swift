import Logging
import Testing

@testable import Systemd

@Suite struct TerminalLogHandlerTests {
    @Test func aLineHasTheTimeTheLevelTheMessageAndTheMetadata() {
        let log = LineCollector()
        let logger = Self.logger(to: log)
        logger.warning("etcd is away", metadata: ["since": "12s", "endpoint": "10.0.0.1:2379"])
        logger.critical("stopping")
        #expect(
            log.lines == [
                "09:05:07.042 warning  etcd is away endpoint=10.0.0.1:2379 since=12s\n",
                "09:05:07.042 critical stopping\n",
            ]
        )
    }

    @Test func aHostileValueCannotDriveTheTerminal() {
        let log = LineCollector()
        Self.logger(to: log).info("seen", metadata: ["name": "\u{1B}[2J\u{9B}1m\nroot# "])
        #expect(
            log.lines == [#"09:05:07.042 info     seen name="\u{1b}[2J\u{9b}1m\nroot# ""# + "\n"]
        )
    }

    @Test func theProviderAndTheLevelAreTheHandlersOwn() {
        let log = LineCollector()
        var logger = Self.logger(to: log, provider: .init { ["trace": "7"] })
        logger.logLevel = .error
        logger.warning("not said")
        logger[metadataKey: "service"] = "web"
        logger.error("said")
        #expect(logger[metadataKey: "service"] == "web")
        #expect(log.lines == ["09:05:07.042 error    said service=web trace=7\n"])
    }

    @Test func theTimeIsTheTimeOfDay() throws {
        let log = LineCollector()
        let logger = Logger(label: "test") { TerminalLogHandler(label: $0, writer: log.writer) }
        logger.info("now")
        let line = try #require(log.lines.first)
        #expect(line.wholeMatch(of: /[0-2]\d:[0-5]\d:[0-6]\d\.\d{3} info     now\n/) != nil)
    }

    private static func logger(
        to log: LineCollector,
        provider: Logger.MetadataProvider? = nil
    ) -> Logger {
        Logger(label: "test") { label in
            TerminalLogHandler(label: label, writer: log.writer, metadataProvider: provider) {
                TimeOfDay(hour: 9, minute: 5, second: 7, millisecond: 42)
            }
        }
    }
}
