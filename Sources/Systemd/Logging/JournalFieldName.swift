/// Names for the journal's own fields: `A` to `Z`, `0` to `9` and `_`, first a letter, at most 64.
///
/// journald drops a field whose name is anything else, in silence. See systemd.journal-fields(7).
struct JournalFieldName: Hashable, Sendable {
    /// The longest name journald takes, in bytes.
    static let byteLimit = 64

    /// The longest prefix, in bytes, so that half of the name is left for the key.
    static let prefixByteLimit = 32

    /// The name as it goes to the journal.
    let text: String

    /// The name for the metadata key `key`: `service` with the prefix `discoveryd` is
    /// `DISCOVERYD_SERVICE`. What a name cannot hold becomes `_`, what is too long is cut off.
    ///
    /// - Parameter prefix: What comes before each key, so that no key passes for a field that
    ///   systemd gives a meaning, such as `PRIORITY`. `FIELD` stands in for a prefix without a letter.
    init(prefix: String, key: String) {
        let letters = Self.sanitized(prefix).drop { !$0.isLetter }
        let head = letters.isEmpty ? "FIELD" : String(letters.prefix(Self.prefixByteLimit))
        self.text = String((head + "_" + Self.sanitized(key)).prefix(Self.byteLimit))
    }

    /// ASCII only, so that one character is one byte.
    private static func sanitized(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "A"..."Z", "0"..."9": result.unicodeScalars.append(scalar)
            case "a"..."z": result += scalar.properties.uppercaseMapping
            default: result += "_"
            }
        }
        return result
    }
}
