import Texts

/// The keys that a table may hold, and what to say of one that is not among them.
struct KnownKeys {
    /// How a key is written.
    enum Form {
        case key
        case table
        case tables
    }

    private var allowed: [(key: String, form: Form)] = []
    private var refused: Set<String> = []

    mutating func add(_ key: String, as form: Form) {
        allowed.append((key, form))
    }

    /// A key that is not allowed, but for which there is a better sentence.
    mutating func refuse(_ key: String) {
        refused.insert(key)
    }

    func contains(_ key: String) -> Bool {
        refused.contains(key) || allowed.contains { $0.key.utf8.elementsEqual(key.utf8) }
    }

    /// `unknown key "prot", did you mean "port"?`, or all that is allowed when nothing is near.
    func sentence(onUnknown entry: TomlTable.Entry, atTop: Bool) -> String {
        let form: Form = entry.node.isTables ? .tables : entry.node.isTable ? .table : .key
        // Below the top a table is a value like any other, and nobody thinks of it as a section.
        let kind = atTop && form != .key ? "table" : "key"
        let found = "unknown \(kind) \(Self.written(entry.key, as: kind == "key" ? .key : form))"
        if let near = NearestName.to(entry.key, among: allowed.map(\.key)),
            let meant = allowed.first(where: { $0.key == near })
        {
            return "\(found), did you mean \(Self.written(meant.key, as: meant.form))?"
        }
        let all = allowed.map { $0.form == .key ? $0.key : Self.written($0.key, as: $0.form) }
        return "\(found), allowed are \(all.joined(separator: ", "))"
    }

    private static func written(_ key: String, as form: Form) -> String {
        switch form {
        case .key: "\(Quoted(key))"
        case .table: "[\(BareKey.orQuoted(key))]"
        case .tables: "[[\(BareKey.orQuoted(key))]]"
        }
    }
}

/// A key as it is written in a file.
enum BareKey {
    /// The key itself where TOML needs no quotes and it is not too long to read, in quotes otherwise.
    static func orQuoted(_ key: String) -> String {
        let isBare = key.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
        return isBare && (1...Quoted.limit).contains(key.utf8.count) ? key : "\(Quoted(key))"
    }
}

extension TomlNode {
    /// Whether it is a table.
    var isTable: Bool {
        if case .table = value { true } else { false }
    }

    /// Whether it is an array of tables, as `[[service]]` makes one.
    var isTables: Bool {
        if case .array(let elements) = value {
            !elements.isEmpty && elements.allSatisfy(\.isTable)
        } else {
            false
        }
    }
}
