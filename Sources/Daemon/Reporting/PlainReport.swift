import FoundationEssentials

/// Writes reports as JSON, all in the same way.
enum PlainReport {
    /// JSON, members by name, a newline at the end.
    static func json(_ report: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        // Words and numbers cannot fail to be encoded.
        return String(decoding: (try? encoder.encode(report)) ?? Data(), as: UTF8.self) + "\n"
    }
}
