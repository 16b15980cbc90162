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
