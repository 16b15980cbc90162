import CSystemd
import Logging
import Texts

/// One entry of the journal: fields in order, of which a name may come more than once.
///
/// See systemd.journal-fields(7) for the names that have a meaning.
struct JournalEntry: Hashable, Sendable {
    /// One field. The value may be any text, newlines included.
    struct Field: Hashable, Sendable {
        var name: String
        var value: String
    }

    /// The most bytes of UTF-8 of a value; the rest is cut off. A value may come from etcd, and the
    /// journal is no place to keep a copy of it.
    static let valueByteLimit = LogText.byteLimit

    /// The most fields; the rest is left out. sendmsg(2) takes 1024 parts and libsystemd makes up to
    /// five of a field.
    static let fieldLimit = 128

    private(set) var fields: [Field] = []

    /// Adds a field at the end, bounded by ``valueByteLimit`` and ``fieldLimit``.
    mutating func append(_ name: String, _ value: String) {
        guard self.fields.count < Self.fieldLimit else { return }
        let bounded = OneLine.bounded(value, to: Self.valueByteLimit)
        self.fields.append(Field(name: name, value: bounded))
    }

    /// The values of the fields called `name`.
    subscript(name: String) -> [String] {
        self.fields.filter { $0.name == name }.map(\.value)
    }

    /// Sends the entry to the journal.
    ///
    /// - Returns: 0, also when there is no journal socket; else a negative errno. See
    ///   sd_journal_sendv(3).
    func send() -> Int32 {
        // All fields in one buffer: one allocation, and one scope in which the pointers are good.
        var bytes: [UInt8] = []
        var lengths: [Int] = []
        for field in self.fields {
            let start = bytes.count
            bytes += field.name.utf8
            bytes.append(UInt8(ascii: "="))
            bytes += field.value.utf8
            lengths.append(bytes.count - start)
        }
        return bytes.withUnsafeBytes { buffer in
            var start = 0
            let fields = lengths.map { length in
                defer { start += length }
                return csystemd_field(base: buffer.baseAddress?.advanced(by: start), length: length)
            }
            return csystemd_journal_send(fields, fields.count)
        }
    }
}

extension Logger.Level {
    /// The priority as syslog(3) and the journal's `PRIORITY=` number it: 2 critical, 3 error,
    /// 4 warning, 5 notice, 6 informational, 7 debug. 0 and 1 are for the whole system.
    var syslogPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}

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
