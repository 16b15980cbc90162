import Glibc
public import Logging

/// Logs lines for a human in front of a terminal: `14:03:07.250 warning  etcd connection lost etcd=http://10.0.0.1:2379`.
public struct TerminalLogHandler: LogHandler {
    /// The name of the logger. Not shown: in a terminal there is only one program.
    public let label: String

    /// The metadata of the logger, added to each line.
    public var metadata: Logger.Metadata = [:]

    /// The provider of contextual metadata, if any.
    public var metadataProvider: Logger.MetadataProvider?

    /// The level below which nothing is logged.
    public var logLevel: Logger.Level = .info

    private let writer: LogWriter
    private let timeOfDay: @Sendable () -> TimeOfDay

    /// Creates a handler at level `info`.
    ///
    /// - Parameters:
    ///   - label: The name of the logger.
    ///   - writer: Where the lines go.
    ///   - metadataProvider: The provider of contextual metadata, if any.
    public init(
        label: String,
        writer: LogWriter = .standardError,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.init(label: label, writer: writer, metadataProvider: metadataProvider) { .now() }
    }

    init(
        label: String,
        writer: LogWriter,
        metadataProvider: Logger.MetadataProvider?,
        timeOfDay: @escaping @Sendable () -> TimeOfDay
    ) {
        self.label = label
        self.writer = writer
        self.metadataProvider = metadataProvider
        self.timeOfDay = timeOfDay
    }

    /// Writes `event` as one line.
    public func log(event: LogEvent) {
        let level = event.level.rawValue
        let column = level + String(repeating: " ", count: max(0, Self.levelWidth - level.count))
        let text = LogText.line(
            message: event.message,
            metadata: self.effectiveMetadata(for: event),
            error: event.error
        )
        self.writer.write(line: "\(self.timeOfDay()) \(column) \(text)")
    }

    /// The value of one key of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    /// The longest name of a level, so that the messages stand in one column.
    private static let levelWidth = Logger.Level.critical.rawValue.count
}

/// The local time of day, as it stands at the start of a line in a terminal: `14:03:07.250`.
struct TimeOfDay: Hashable, Sendable, CustomStringConvertible {
    var hour: Int
    var minute: Int
    var second: Int
    var millisecond: Int

    /// The time now, where this machine is. See clock_gettime(2) and localtime_r(3).
    static func now() -> TimeOfDay {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var local = tm()
        localtime_r(&now.tv_sec, &local)
        return TimeOfDay(
            hour: Int(local.tm_hour),
            minute: Int(local.tm_min),
            second: Int(local.tm_sec),
            millisecond: now.tv_nsec / 1_000_000
        )
    }

    var description: String {
        let clock = [self.hour, self.minute, self.second].map { Self.padded($0, to: 2) }
        return clock.joined(separator: ":") + "." + Self.padded(self.millisecond, to: 3)
    }

    private static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
