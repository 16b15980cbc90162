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
