import Texts

/// Reads one table by a schema, collects every fault and never stops at one.
///
/// Each key is asked for once, present or not: what was not asked for when the reader is
/// ``finished()`` is unknown. A value that is refused reads as absent, its fault noted.
struct TomlTableReader {
    /// Where the table starts.
    let place: SourcePlace
    /// The table as an administrator knows it, `[service "web"]`; `nil` at the top of the file.
    let name: String?

    /// The keys that lead from that table to this one, each with a dot, `wait.`; empty in most tables.
    private let path: String
    private let table: TomlTable
    private var known = KnownKeys()
    private var findings = ConfigurationFindings()

    /// Reads the table at the top of a file.
    init(_ document: TomlDocument, file: String) {
        place = SourcePlace(file: file, position: SourcePosition(line: 1, column: 1))
        name = nil
        path = ""
        table = document.root
    }

    private init(_ table: TomlTable, at place: SourcePlace, name: String?, path: String = "") {
        self.place = place
        self.name = name
        self.path = path
        self.table = table
    }

    /// All that was found in the table and in those below it, keys included that nobody asked for.
    consuming func finished() -> ConfigurationFindings {
        for entry in table.entries where !known.contains(entry.key) {
            let sentence = known.sentence(onUnknown: entry, atTop: name == nil)
            faultOfTable(at: entry.keyPosition, sentence)
        }
        return findings
    }
}

// MARK: - What is wrong

extension TomlTableReader {
    /// Notes a fault in this table; the sentence starts with a key of it.
    mutating func fault(at position: SourcePosition, _ sentence: String) {
        note("\(path)\(sentence)", at: position)
    }

    /// Notes what is doubtful, or costs this table alone; the sentence starts with a key of it.
    mutating func warn(at position: SourcePosition, _ sentence: String) {
        let place = SourcePlace(file: place.file, position: position)
        findings.warnings.append(ConfigurationFault(at: place, table: name, "\(path)\(sentence)"))
    }

    /// Notes a fault of this table itself, of which the sentence names no key.
    mutating func faultOfTable(at position: SourcePosition, _ sentence: String) {
        note(path.isEmpty ? sentence : "\(path.dropLast()): \(sentence)", at: position)
    }

    private mutating func note(_ sentence: String, at position: SourcePosition) {
        let place = SourcePlace(file: place.file, position: position)
        findings.faults.append(ConfigurationFault(at: place, table: name, sentence))
    }

    /// Refuses a key for a reason of its own.
    mutating func refuse(_ keys: String..., because reason: String) {
        for key in keys {
            known.refuse(key)
            if let entry = table[key] { fault(at: entry.keyPosition, "\(key): \(reason)") }
        }
    }
}

// MARK: - Values

extension TomlTableReader {
    /// A value that may be left out.
    mutating func optional<Value>(
        _ key: String,
        _ expectation: Expectation<Value>
    ) -> Located<Value>? {
        ask(key).flatMap { check($0.node, expectation, key: key) }
    }

    /// Reads a value into the setting that it is. Left out or refused it stays as it was: the default, or what an
    /// earlier file said.
    ///
    /// - Returns: What was read, and where it stands.
    @discardableResult
    mutating func read<Value>(
        _ key: String,
        _ expectation: Expectation<Value>,
        into setting: inout Value
    ) -> Located<Value>? {
        let found = optional(key, expectation)
        if let found { setting = found.value }
        return found
    }

    /// Reads a value into a setting that may be nothing.
    @discardableResult
    mutating func read<Value>(
        _ key: String,
        _ expectation: Expectation<Value>,
        into setting: inout Value?
    ) -> Located<Value>? {
        let found = optional(key, expectation)
        if let found { setting = found.value }
        return found
    }

    /// A value that must be given.
    mutating func required<Value>(
        _ key: String,
        _ expectation: Expectation<Value>
    ) -> Located<Value>? {
        if table[key] == nil {
            fault(
                at: place.position,
                "\(key): is missing, must be \(expectation.type) \(expectation.limits)"
            )
        }
        return optional(key, expectation)
    }

    /// A list that may be left out; `nil` also when one of its values is refused.
    ///
    /// - Parameter plural: The elements in the plural, `strings`.
    mutating func list<Element>(
        _ key: String,
        of expectation: Expectation<Element>,
        called plural: String
    ) -> Located<[Located<Element>]>? {
        guard let node = ask(key)?.node else { return nil }
        guard case .array(let elements) = node.value else {
            fault(at: node.position, "\(key): must be an array of \(plural), is \(node.aKind)")
            return nil
        }
        let values = elements.compactMap { check($0, expectation, key: key) }
        return values.count == elements.count ? located(values, at: node.position) : nil
    }

    /// A table of free keys that may be left out; `nil` also when one of them is refused.
    ///
    /// - Parameter plural: The values in the plural, `strings`.
    mutating func dictionary<Value>(
        _ key: String,
        keys: Expectation<String>,
        values: Expectation<Value>,
        called plural: String
    ) -> Located<[String: Value]>? {
        guard let node = ask(key)?.node else { return nil }
        guard case .table(let inner) = node.value else {
            fault(at: node.position, "\(key): must be a table of \(plural), is \(node.found)")
            return nil
        }
        var read: [String: Value] = [:]
        for entry in inner.entries {
            let path = "\(key).\(BareKey.orQuoted(entry.key))"
            let name = TomlNode(value: .string(entry.key), position: entry.keyPosition)
            let checkedName = check(name, keys, key: "\(path): its name")
            let value = check(entry.node, values, key: path)
            guard let checkedName, let value else { continue }
            if read.updateValue(value.value, forKey: checkedName.value) != nil {
                // To TOML keys are bytes; to everybody else "é" is one letter, however it is made.
                fault(at: entry.keyPosition, "\(path): looks the same as another name in \(key)")
            }
        }
        return read.count == inner.entries.count ? located(read, at: node.position) : nil
    }

    /// Whether a key is in the table, readable or not.
    func holds(_ key: String) -> Bool {
        table[key] != nil
    }

    private mutating func ask(_ key: String) -> TomlTable.Entry? {
        known.add(key, as: .key)
        return table[key]
    }

    private mutating func check<Value>(
        _ node: TomlNode,
        _ expectation: Expectation<Value>,
        key: String
    ) -> Located<Value>? {
        do throws(RefusedValue) {
            return located(try expectation.value(of: node), at: node.position)
        } catch {
            fault(at: node.position, "\(key): \(error.sentence)")
            return nil
        }
    }

    private func located<Value>(_ value: Value, at position: SourcePosition) -> Located<Value> {
        Located(value: value, place: SourcePlace(file: place.file, position: position))
    }
}

// MARK: - Tables

extension TomlTableReader {
    /// A table that may stand in a file once, `[etcd]`.
    mutating func table(_ key: String, _ read: (inout TomlTableReader) -> Void) {
        known.add(key, as: .table)
        guard let entry = table[key] else { return }
        guard case .table(let inner) = entry.node.value else {
            let found = found(entry)
            fault(at: entry.keyPosition, "\(key): must be one table, written [\(key)], is \(found)")
            return
        }
        self.read(inner, at: entry.node.position, name: "[\(key)]", read)
    }

    /// Tables of which a file may hold several, `[[service]]`; `title` is the key that tells them
    /// apart in what is said of them.
    ///
    /// - Parameter form: How they are written, where it is not `[[service]]`.
    mutating func tables(
        _ key: String,
        title: String,
        written form: String? = nil,
        _ read: (inout TomlTableReader) -> Void
    ) {
        known.add(key, as: form == nil ? .tables : .key)
        guard let entry = table[key] else { return }
        guard case .array(let elements) = entry.node.value else {
            let found = found(entry)
            fault(
                at: entry.keyPosition,
                "\(key): must be written \(form ?? "[[\(key)]]"), is \(found)"
            )
            return
        }
        for element in elements {
            guard case .table(let inner) = element.value else {
                fault(at: element.position, "\(key): must be a table, is \(element.found)")
                continue
            }
            self.read(inner, at: element.position, name: Self.name(key, inner[title]), read)
        }
    }

    /// A table that is the value of a key, `wait = { min = "1s" }`; what is said of it names its key too.
    mutating func inner(_ key: String, _ read: (inout TomlTableReader) -> Void) {
        guard let entry = ask(key) else { return }
        guard case .table(let inner) = entry.node.value else {
            fault(at: entry.node.position, "\(key): must be a table, is \(entry.node.found)")
            return
        }
        let place = SourcePlace(file: place.file, position: entry.node.position)
        var reader = TomlTableReader(inner, at: place, name: name, path: "\(path)\(key).")
        read(&reader)
        findings.add(reader.finished())
    }

    private mutating func read(
        _ inner: TomlTable,
        at position: SourcePosition,
        name: String,
        _ read: (inout TomlTableReader) -> Void
    ) {
        let place = SourcePlace(file: place.file, position: position)
        var reader = TomlTableReader(inner, at: place, name: name)
        read(&reader)
        findings.add(reader.finished())
    }

    private func found(_ entry: TomlTable.Entry) -> String {
        if entry.node.isTables { return "[[\(entry.key)]]" }
        return entry.node.isTable ? "[\(entry.key)]" : entry.node.found
    }

    private static func name(_ key: String, _ title: TomlTable.Entry?) -> String {
        guard case .string(let text) = title?.node.value else { return "[\(key)]" }
        return "[\(key) \(Quoted(text))]"
    }
}
