import Texts

/// One value of a TOML file and where it starts.
struct TomlNode: Equatable, Sendable {
    let value: Value
    let position: SourcePosition

    /// What a value is. Dates and times are known only by their kind: no setting takes one.
    enum Value: Equatable, Sendable {
        case table(TomlTable)
        case array([TomlNode])
        case string(String)
        case integer(Int64)
        case float(Double)
        case boolean(Bool)
        case date
        case time
        case dateTime
    }
}

extension TomlNode {
    /// How the value was written, its kind included: `the string "eighty"`.
    var found: String {
        switch value {
        case .string, .integer, .float, .boolean: "the \(kind) \(written)"
        case .array, .table, .date, .time, .dateTime: aKind
        }
    }

    /// What TOML calls such a value, with its article; nothing of the value itself.
    var aKind: String {
        switch value {
        case .array, .integer: "an \(kind)"
        case .string, .float, .boolean, .table, .date, .time, .dateTime: "a \(kind)"
        }
    }

    /// How the value was written, where its kind needs no saying: `"eighty"`, `80800`.
    var written: String {
        switch value {
        case .string(let text): "\(Quoted(text))"
        case .integer(let number): "\(number)"
        case .float(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .table, .array, .date, .time, .dateTime: found
        }
    }

    /// What TOML calls such a value.
    private var kind: String {
        switch value {
        case .table: "table"
        case .array: "array"
        case .string: "string"
        case .integer: "integer"
        case .float: "float"
        case .boolean: "boolean"
        case .date: "date"
        case .time: "time"
        case .dateTime: "date-time"
        }
    }
}

/// A table of a TOML file: its values by their keys, in the order of the file.
struct TomlTable: Equatable, Sendable {
    /// A key, where it starts, and its value.
    struct Entry: Equatable, Sendable {
        let key: String
        let keyPosition: SourcePosition
        let node: TomlNode
    }

    /// No two have the same key.
    let entries: [Entry]

    /// The entry of a key, or `nil` when it is not in the table.
    subscript(key: String) -> Entry? {
        // Byte for byte, as TOML compares keys; Swift's strings take some different ones for equal.
        entries.first { $0.key.utf8.elementsEqual(key.utf8) }
    }
}
