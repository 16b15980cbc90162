import Logging
import Texts

/// The text of a log entry on one line: the message, then `key=value` sorted by key.
///
/// ```
/// endpoint refused error="port: must be 1 to 65535" key=services/web/a service=web
/// ```
enum LogText {
    /// The most bytes of UTF-8 a line may have, its newline not counted; the rest is cut off.
    ///
    /// journald splits a line of its stdout stream at 48 KiB (`LineMax=`) and reads a `<N>` at the
    /// start of each part: without a bound, a long value could say how urgent it is.
    static let byteLimit = 8192

    /// The metadata key of the journal's `MESSAGE_ID=`. It is for programs: not shown in text.
    static let messageIDKey = "message_id"

    /// The metadata key under which text shows the error of the event.
    static let errorKey = "error"

    /// The message and the metadata on one line, without a newline. It may be longer than
    /// ``byteLimit``, which is the writer's to keep; but no value in it costs more than that to read.
    static func line(
        message: Logger.Message,
        metadata: Logger.Metadata,
        error: (any Error)?
    ) -> String {
        var shown = metadata
        shown[Self.messageIDKey] = nil
        if let error {
            shown[Self.errorKey] = "\(error)"
        }
        var result = OneLine.escaped(OneLine.bounded(message.description, to: Self.byteLimit))
        for (key, value) in shown.sorted(by: { $0.key < $1.key }) {
            guard result.utf8.count <= Self.byteLimit else { break }
            let value = OneLine.bounded(value.rendered, to: Self.byteLimit)
            result += " " + Self.quoted(key) + "=" + Self.quoted(value)
        }
        return result
    }

    /// `text` as it is when it is one plain word, else escaped and in quotes, so that a value cannot
    /// pass for another key and its value.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case " ", "\"", "\\", "=": false
                default: !OneLine.isUnsafe(scalar)
                }
            }
        return isPlain ? text : "\"" + OneLine.escaped(text, quoting: true) + "\""
    }
}

extension Logger.MetadataValue {
    /// The value as text. Unlike `description` it is the same each time, because the keys of a
    /// dictionary are sorted, and it does not put quotes around text inside an array.
    var rendered: String {
        switch self {
        case .string(let text):
            text
        case .stringConvertible(let value):
            value.description
        case .array(let values):
            "[" + values.map(\.rendered).joined(separator: ", ") + "]"
        case .dictionary(let values):
            "{"
                + values.sorted { $0.key < $1.key }
                .map { "\($0.key): \($0.value.rendered)" }
                .joined(separator: ", ") + "}"
        }
    }
}

extension LogHandler {
    /// All the metadata of `event`. Of one key the nearest wins: what the statement itself says, then
    /// what the provider knows of the context, then what the logger carries.
    func effectiveMetadata(for event: LogEvent) -> Logger.Metadata {
        var result = self.metadata
        if let provided = self.metadataProvider?.get(), !provided.isEmpty {
            result.merge(provided) { _, nearer in nearer }
        }
        if let said = event.metadata, !said.isEmpty {
            result.merge(said) { _, nearer in nearer }
        }
        return result
    }
}
