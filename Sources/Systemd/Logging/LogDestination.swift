import Glibc
public import Logging

/// Detects from how the program was started where the log goes.
///
/// ```swift
/// let destination = LogDestination.detected()
/// LoggingSystem.bootstrap { label in
///     destination.handler(label: label, identifier: "discoveryd", level: .info)
/// }
/// ```
public enum LogDestination: Hashable, Sendable, CaseIterable {
    /// The journal, with fields: standard error is connected to it. See ``JournalLogHandler``.
    case journal

    /// Standard error, with a `<N>` before each line: systemd started us and reads it, but not as
    /// the journal's stream, or we cannot tell. See ``PrefixedLogHandler``.
    case prefixed

    /// Standard error, for a human. See ``TerminalLogHandler``.
    case terminal

    /// The variables of the environment that ``chosen(environment:standardError:isTerminal:)`` reads.
    public static let variables = ["INVOCATION_ID", "JOURNAL_STREAM", "NOTIFY_SOCKET"]

    /// Chooses a destination.
    ///
    /// `$JOURNAL_STREAM` alone proves nothing: a child whose standard error was sent elsewhere
    /// inherits it too. It is compared with what standard error really is, as systemd.exec(5) asks.
    ///
    /// - Parameters:
    ///   - environment: The variables that are set; only ``variables`` are read.
    ///   - standardError: Which file standard error is, `nil` when it is closed.
    ///   - isTerminal: Whether standard error is a terminal.
    public static func chosen(
        environment: [String: String],
        standardError: StreamIdentity?,
        isTerminal: Bool
    ) -> LogDestination {
        if let standardError, let stream = environment["JOURNAL_STREAM"],
            StreamIdentity(journalStream: stream) == standardError
        {
            return .journal
        }
        let isUnderSystemd = ["NOTIFY_SOCKET", "INVOCATION_ID"].contains { name in
            environment[name].map { !$0.isEmpty } ?? false
        }
        return isUnderSystemd && !isTerminal ? .prefixed : .terminal
    }

    /// Chooses by this process's environment and standard error. See fstat(2) and isatty(3).
    public static func detected() -> LogDestination {
        var environment: [String: String] = [:]
        for name in Self.variables {
            environment[name] = getenv(name).map { String(cString: $0) }
        }
        return Self.chosen(
            environment: environment,
            standardError: .standardError(),
            isTerminal: isatty(STDERR_FILENO) == 1
        )
    }

    /// Makes the handler for this destination, as `LoggingSystem.bootstrap` wants one per logger.
    ///
    /// - Parameters:
    ///   - label: The name of the logger.
    ///   - identifier: The name of the program: the journal's `SYSLOG_IDENTIFIER` and, upper-case,
    ///     the prefix of its own fields.
    ///   - level: The level below which nothing is logged.
    ///   - metadataProvider: What adds the metadata of the context, if anything does.
    public func handler(
        label: String,
        identifier: String,
        level: Logger.Level,
        metadataProvider: Logger.MetadataProvider? = nil
    ) -> any LogHandler {
        var handler: any LogHandler =
            switch self {
            case .journal:
                JournalLogHandler(label: label, identifier: identifier, fieldPrefix: identifier)
            case .prefixed:
                PrefixedLogHandler(label: label)
            case .terminal:
                TerminalLogHandler(label: label)
            }
        handler.metadataProvider = metadataProvider
        handler.logLevel = level
        return handler
    }
}

/// Identifies the open file of a stream: its device and inode, as fstat(2) tells them and as systemd writes
/// them into `$JOURNAL_STREAM`. See systemd.exec(5).
public struct StreamIdentity: Hashable, Sendable {
    /// `st_dev` of fstat(2).
    public var device: UInt64

    /// `st_ino` of fstat(2).
    public var inode: UInt64

    /// Creates an identity.
    ///
    /// - Parameters:
    ///   - device: `st_dev` of fstat(2).
    ///   - inode: `st_ino` of fstat(2).
    public init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// Reads `dev:ino`, both decimal, the value of `$JOURNAL_STREAM`; `nil` when it is not that.
    public init?(journalStream text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let device = UInt64(parts[0]), let inode = UInt64(parts[1]) else {
            return nil
        }
        self.init(device: device, inode: inode)
    }

    /// The identity of standard error, `nil` when it is closed. See fstat(2).
    public static func standardError() -> StreamIdentity? {
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return nil }
        return StreamIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
