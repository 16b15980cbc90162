/// The limits of a record. Values from etcd are hostile until they pass here.
public enum RecordLimits {
    /// The longest value that is looked at, in bytes.
    public static let valueBytes = 64 * 1024
    /// How many tags an instance may have.
    public static let tags = 64
    /// How many meta entries an instance may have.
    public static let metaEntries = 64
    /// The longest tag, zone or meta name, in bytes.
    public static let wordBytes = 128
    /// The longest meta value, in bytes.
    public static let metaValueBytes = 1024

    /// The first thing about an instance that does not fit, as a sentence without its end, or `nil` when it
    /// fits.
    public static func fault(in instance: ServiceInstance) -> String? {
        if instance.port == 0 { return "the port must be 1 to 65535, is 0" }
        if let zone = instance.zone, let why = fault(inWord: zone) { return "the zone \(why)" }
        if instance.tags.count > tags {
            return "it has \(instance.tags.count) tags, at most \(tags)"
        }
        for tag in instance.tags {
            if let why = fault(inWord: tag) { return "a tag \(why)" }
        }
        if instance.meta.count > metaEntries {
            return "it has \(instance.meta.count) meta entries, at most \(metaEntries)"
        }
        for (name, value) in instance.meta {
            if let why = fault(inWord: name) { return "a meta name \(why)" }
            if let why = fault(inText: value, limit: metaValueBytes) {
                return "a meta value \(why)"
            }
        }
        return nil
    }

    /// The reason why a tag, a zone or a meta name is not allowed, or `nil`.
    public static func fault(inWord text: String) -> String? {
        text.isEmpty ? "is empty" : fault(inText: text, limit: wordBytes)
    }

    /// The reason why a text is not allowed, or `nil`.
    public static func fault(inText text: String, limit: Int) -> String? {
        if text.utf8.count > limit { return "is \(text.utf8.count) bytes long, at most \(limit)" }
        let hasControl = text.unicodeScalars.contains { scalar in
            switch scalar.value {
            // C0 and C1 controls, DEL, and the two line separators that JavaScript and some
            // editors take for a new line.
            case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029: true
            default: false
            }
        }
        return hasControl ? "holds a control character" : nil
    }
}
