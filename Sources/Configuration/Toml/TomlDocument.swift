import CToml
import Texts

/// A TOML file, parsed: values of Swift with their places, nothing of the parser's memory.
struct TomlDocument: Equatable, Sendable {
    /// The table that all the others stand in.
    let root: TomlTable

    /// Parses the bytes of a file. A byte order mark at its start is skipped.
    ///
    /// - Throws: ``TomlSyntaxError`` for the first thing that is not TOML 1.0, or that is nested
    ///   deeper than any configuration; the parser stops there.
    init(parsing bytes: [UInt8]) throws(TomlSyntaxError) {
        let parsed = bytes.withUnsafeBytes { buffer in
            ctoml_parse(buffer.bindMemory(to: CChar.self).baseAddress, buffer.count)
        }
        guard let parsed else {
            throw TomlSyntaxError(message: "out of memory", position: .init(line: 1, column: 1))
        }
        defer { ctoml_free(parsed) }
        guard let root = ctoml_root(parsed) else {
            let position = SourcePosition(ctoml_fault_position(parsed))
            throw TomlSyntaxError(
                message: String(ctoml_fault(parsed)),
                position: position,
                remedy: TomlRemedy.sentence(for: bytes, line: position.line)
            )
        }
        self.root = TomlTable(root.pointee)
    }
}

extension TomlTable {
    fileprivate init(_ node: ctoml_node) {
        entries = UnsafeBufferPointer(start: node.children, count: node.count).map { child in
            Entry(
                key: String(child.key),
                keyPosition: SourcePosition(child.key_position),
                node: TomlNode(child)
            )
        }
    }
}

extension TomlNode {
    fileprivate init(_ node: ctoml_node) {
        position = SourcePosition(node.position)
        value =
            switch node.kind {
            case CTOML_TABLE: .table(TomlTable(node))
            case CTOML_ARRAY:
                .array(
                    UnsafeBufferPointer(start: node.children, count: node.count).map(TomlNode.init)
                )
            case CTOML_STRING: .string(String(node.string))
            case CTOML_INTEGER: .integer(node.integer)
            case CTOML_FLOAT: .float(node.floating)
            case CTOML_BOOLEAN: .boolean(node.boolean != 0)
            case CTOML_DATE: .date
            case CTOML_TIME: .time
            case CTOML_DATE_TIME: .dateTime
            default: preconditionFailure("CToml.h names no kind \(node.kind.rawValue)")
            }
    }
}

extension SourcePosition {
    fileprivate init(_ position: ctoml_position) {
        self.init(line: Int(position.line), column: Int(position.column))
    }
}

extension String {
    /// TOML is UTF-8, and the parser has checked it; only its own messages could hold anything else.
    fileprivate init(_ text: ctoml_text) {
        let bytes = UnsafeRawBufferPointer(start: text.bytes, count: text.length)
        self.init(decoding: bytes, as: UTF8.self)
    }
}

/// Reports that a text is not TOML, and where the parser noticed.
struct TomlSyntaxError: Error, Equatable {
    /// The parser's own words. They may repeat parts of the text.
    let message: String
    let position: SourcePosition
    /// What to do about it, where more is known than the parser's words say.
    var remedy: String?

    /// What to say of it: one line, not long.
    var sentence: String {
        if let remedy { return "syntax error: \(remedy)" }
        let words = OneLine.escaped(String(message.unicodeScalars.prefix(Self.limit)))
        let prefix = "Error while "
        return words.hasPrefix(prefix)
            ? "syntax error while \(words.dropFirst(prefix.count))" : "syntax error: \(words)"
    }

    /// A message that repeats a key of a megabyte is cut.
    private static let limit = 200
}

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
