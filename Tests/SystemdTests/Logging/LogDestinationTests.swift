import Glibc
import Logging
import Testing

@testable import Systemd

@Suite struct LogDestinationTests {
    static let stream = StreamIdentity(device: 9, inode: 81234)

    @Test func aStreamThatIsTheJournalsIsTheJournal() {
        let destination = LogDestination.chosen(
            environment: ["JOURNAL_STREAM": "9:81234", "INVOCATION_ID": "x"],
            standardError: Self.stream,
            isTerminal: false
        )
        #expect(destination == .journal)
    }

    @Test(arguments: [
        "9:81235", "8:81234", "", ":", "9:", ":81234", "9", "9:81234:", "9:81234 ", "+9:-81234",
        "0x9:81234", "99999999999999999999:81234",
    ])
    func aStreamThatIsAnotherIsNotTheJournal(value: String) {
        let destination = LogDestination.chosen(
            environment: ["JOURNAL_STREAM": value, "INVOCATION_ID": "x"],
            standardError: Self.stream,
            isTerminal: false
        )
        #expect(destination == .prefixed)
    }

    @Test func aClosedStandardErrorIsNotTheJournal() {
        let destination = LogDestination.chosen(
            environment: ["JOURNAL_STREAM": "9:81234"],
            standardError: nil,
            isTerminal: false
        )
        #expect(destination == .terminal)
    }

    @Test(arguments: [
        (["NOTIFY_SOCKET": "/run/systemd/notify"], false, LogDestination.prefixed),
        (["INVOCATION_ID": "0123"], false, .prefixed),
        (["NOTIFY_SOCKET": "/run/systemd/notify"], true, .terminal),
        (["INVOCATION_ID": "0123"], true, .terminal),
        (["NOTIFY_SOCKET": "", "INVOCATION_ID": ""], false, .terminal),
        (["PATH": "/bin"], false, .terminal),
        ([:], true, .terminal),
    ])
    func underSystemdLinesHaveAPrefixUnlessAHumanReadsThem(
        environment: [String: String],
        isTerminal: Bool,
        expected: LogDestination
    ) {
        let destination = LogDestination.chosen(
            environment: environment,
            standardError: Self.stream,
            isTerminal: isTerminal
        )
        #expect(destination == expected)
    }

    @Test func aProcessWhoseStandardErrorIsTheNamedSocketLogsToTheJournal() async {
        await #expect(processExitsWith: .success) {
            var ends: [Int32] = [0, 0]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
            dup2(ends[0], STDERR_FILENO)
            var status = stat()
            try #require(fstat(ends[0], &status) == 0)
            setenv("JOURNAL_STREAM", "\(status.st_dev):\(status.st_ino)", 1)
            setenv("INVOCATION_ID", "0123", 1)
            #expect(LogDestination.detected() == .journal)
            // The same variable, but standard error is the other end now.
            dup2(ends[1], STDERR_FILENO)
            #expect(LogDestination.detected() == .prefixed)
            unsetenv("INVOCATION_ID")
            unsetenv("NOTIFY_SOCKET")
            #expect(LogDestination.detected() == .terminal)
        }
    }

    @Test func eachDestinationHasItsHandlerWithTheLevelAndTheProvider() {
        let provider = Logger.MetadataProvider { ["trace": "7"] }
        for destination in LogDestination.allCases {
            let handler = destination.handler(
                label: "test",
                identifier: "discoveryd",
                level: .warning,
                metadataProvider: provider
            )
            #expect(handler.logLevel == .warning)
            #expect(handler.metadataProvider?.get() == ["trace": "7"])
            switch destination {
            case .journal: #expect(handler is JournalLogHandler)
            case .prefixed: #expect(handler is PrefixedLogHandler)
            case .terminal: #expect(handler is TerminalLogHandler)
            }
        }
    }

    @Test func theHandlersWriteToStandardErrorInAProgramThatBootstrapsWithThem() async {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardErrorContent]
        ) {
            LoggingSystem.bootstrap { label in
                LogDestination.prefixed.handler(
                    label: label,
                    identifier: "discoveryd",
                    level: .info
                )
            }
            Logger(label: "test").notice("started", metadata: ["version": "1.0"])
        }
        let text = result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) }
        #expect(text?.contains("<5>started version=1.0\n") == true)
    }
}
