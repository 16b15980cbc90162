public import Logging

/// Logs lines such as `<6>service registered service=web`, for standard error under systemd.
///
/// systemd reads the `<N>` at the start of a line as its priority (`SyslogLevelPrefix=`), and adds
/// the time and the name itself. See sd-daemon(3).
public struct PrefixedLogHandler: LogHandler {
    /// The name of the logger. Not shown: systemd knows the service by its own name.
    public let label: String

    /// The metadata of the logger, added to each line.
    public var metadata: Logger.Metadata = [:]

    /// The provider of contextual metadata, if any.
    public var metadataProvider: Logger.MetadataProvider?

    /// The level below which nothing is logged.
    public var logLevel: Logger.Level = .info

    private let writer: LogWriter

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
        self.label = label
        self.writer = writer
        self.metadataProvider = metadataProvider
    }

    /// Writes `event` as one line.
    public func log(event: LogEvent) {
        let text = LogText.line(
            message: event.message,
            metadata: self.effectiveMetadata(for: event),
            error: event.error
        )
        self.writer.write(line: "<\(event.level.syslogPriority)>" + text)
    }

    /// The value of one key of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }
}
