public import Logging

/// Logs entries with fields to the journal, in its native protocol.
///
/// Each entry has `MESSAGE`, `PRIORITY`, `SYSLOG_IDENTIFIER`, `CODE_FILE`, `CODE_LINE`, `CODE_FUNC`
/// and `LOGGER` (the label). Of the metadata, `message_id` becomes `MESSAGE_ID` when it is 32
/// hexadecimal digits, and any other key a field of its own behind the handler's prefix: `service`
/// becomes `DISCOVERYD_SERVICE`. The error of an event becomes `DISCOVERYD_ERROR` and its type
/// `DISCOVERYD_ERROR_TYPE`. See systemd.journal-fields(7).
///
/// `MESSAGE` is the message and the metadata as the text handlers write them, because it is all that
/// `journalctl -u` shows and most log shippers forward: "etcd connection lost" helps only with an endpoint.
/// To search by kind of message use `MESSAGE_ID`. It is one line with controls escaped; the other
/// fields keep the values as they are.
///
/// When the journal's socket refuses an entry, its text goes to the fallback instead.
public struct JournalLogHandler: LogHandler {
    /// The metadata key whose value becomes `MESSAGE_ID`. The text of no handler shows it.
    public static let messageIDKey = LogText.messageIDKey

    /// The name of the logger, in the field `LOGGER`.
    public let label: String

    /// The metadata of the logger, added to each entry.
    public var metadata: Logger.Metadata = [:]

    /// The provider of contextual metadata, if any.
    public var metadataProvider: Logger.MetadataProvider?

    /// The level below which nothing is logged.
    public var logLevel: Logger.Level = .info

    private let identifier: String
    private let fieldPrefix: String
    private let fallback: LogWriter
    private let send: @Sendable (JournalEntry) -> Int32

    /// Creates a handler at level `info`.
    ///
    /// - Parameters:
    ///   - label: The name of the logger.
    ///   - identifier: What `journalctl -t` finds the entries by: the name of the program.
    ///   - fieldPrefix: What comes before each metadata key in the name of its field, in any case
    ///     and without the `_`: `discoveryd`.
    ///   - fallback: Where a `<N>` line goes when the journal did not take the entry.
    ///   - metadataProvider: The provider of contextual metadata, if any.
    public init(
        label: String,
        identifier: String,
        fieldPrefix: String,
        fallback: LogWriter = .standardError,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.init(
            label: label,
            identifier: identifier,
            fieldPrefix: fieldPrefix,
            fallback: fallback,
            metadataProvider: metadataProvider,
            send: { $0.send() }
        )
    }

    init(
        label: String,
        identifier: String,
        fieldPrefix: String,
        fallback: LogWriter,
        metadataProvider: Logger.MetadataProvider?,
        send: @escaping @Sendable (JournalEntry) -> Int32
    ) {
        self.label = label
        self.identifier = identifier
        self.fieldPrefix = fieldPrefix
        self.fallback = fallback
        self.metadataProvider = metadataProvider
        self.send = send
    }

    /// Sends `event` as one entry.
    public func log(event: LogEvent) {
        let metadata = self.effectiveMetadata(for: event)
        let text = LogText.line(message: event.message, metadata: metadata, error: event.error)
        if self.send(self.entry(for: event, text: text, metadata: metadata)) < 0 {
            self.fallback.write(line: "<\(event.level.syslogPriority)>" + text)
        }
    }

    /// The value of one key of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    private func entry(
        for event: LogEvent,
        text: String,
        metadata: Logger.Metadata
    ) -> JournalEntry {
        var entry = JournalEntry()
        entry.append("MESSAGE", text)
        entry.append("PRIORITY", String(event.level.syslogPriority))
        entry.append("SYSLOG_IDENTIFIER", self.identifier)
        entry.append("CODE_FILE", event.file)
        entry.append("CODE_LINE", String(event.line))
        entry.append("CODE_FUNC", event.function)
        entry.append("LOGGER", self.label)
        if let error = event.error {
            entry.append(self.fieldName("error"), "\(error)")
            entry.append(self.fieldName("error_type"), String(reflecting: type(of: error)))
        }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let value = value.rendered
            if key == LogText.messageIDKey, let id = Self.messageID(value) {
                entry.append("MESSAGE_ID", id)
            } else {
                entry.append(self.fieldName(key), value)
            }
        }
        return entry
    }

    private func fieldName(_ key: String) -> String {
        JournalFieldName(prefix: self.fieldPrefix, key: key).text
    }

    /// `text` as the journal wants an id, 32 lower-case digits without dashes, or `nil` when it is
    /// no id.
    private static func messageID(_ text: String) -> String? {
        let digits = text.lowercased().filter { $0 != "-" }
        let isID = digits.utf8.count == 32 && digits.allSatisfy { $0.isASCII && $0.isHexDigit }
        return isID ? digits : nil
    }
}
