import Texts

/// A configuration file as it may be given away: a line a value, without secrets.
///
/// Left out are the values of keys with names like secrets', of headers, of `meta`, of keys that are unknown, what stands
/// in URLs before the host and behind the path, and the arguments of programs. What is left out is collected, so that
/// whoever has the text elsewhere can look for it.
package struct RedactedConfiguration: Sendable {
    /// `output[0].path = "/run/x"`, a line a value.
    package private(set) var text = ""
    /// The texts that were left out.
    package private(set) var secrets: Set<String> = []

    /// Reads the bytes of a file. Of one that is not TOML nothing is told but that.
    package init(_ bytes: [UInt8]) {
        do throws(TomlSyntaxError) {
            add(table: try TomlDocument(parsing: bytes).root, at: "")
        } catch {
            text = "# not TOML: line \(error.position.line); its text is left out\n"
        }
    }

    /// Stands in the place of a text that was left out.
    package static let removed = "(removed)"

    /// Keys whose values are lists of a program and its arguments. As one text they are faulty, and all of it is left out.
    private static let programs: Set<String> = ["command", "check", "exec", "reload"]
    /// Keys of which nothing is told, whatever stands there: also as a faulty file has it.
    private static let hidden: Set<String> = ["header", "headers", "meta", "contains"]
    /// Keys whose values are addresses, in which a password may stand.
    private static let addresses: Set<String> = ["endpoints", "http", "tcp", "listen"]
    /// Keys that may stand anywhere and whose values are no secrets. Those of tables are not among them.
    private static let known: Set<String> = [
        "address", "addresses", "also", "bytes", "ca_file", "cert_file", "check", "command",
        "dial_timeout",
        "domain", "drain", "drain_before_delete", "endpoints", "escape", "etcd", "exec", "fall",
        "format", "group",
        "header", "hold", "host", "http", "id", "include_draining", "initial", "interval",
        "key_file", "lease",
        "limits", "listen", "max", "method", "metrics", "min", "min_endpoints", "mode", "name",
        "on_empty", "on_stop",
        "order", "output", "outputs", "owner", "password_file", "path", "port", "prefer_zone",
        "prefix", "reload",
        "resolvers", "rise", "runtime", "server_name", "server_options", "service", "services",
        "spill_below", "splay",
        "start", "status", "tags", "tcp", "template", "timeout", "ttl", "unit", "username",
        "verify", "wait",
        "warning_passes", "weight", "when_etcd_is_away", "zone",
    ]

    private mutating func add(table: TomlTable, at place: String) {
        for entry in table.entries {
            let key = OneLine.escaped(entry.key)
            add(entry.node, key: entry.key, at: place.isEmpty ? key : "\(place).\(key)")
        }
    }

    private mutating func add(_ node: TomlNode, key: String, at place: String) {
        // A heading is "header", and an output's comment "header = true".
        if key == "header", case .boolean(let flag) = node.value { return line(place, "\(flag)") }
        guard !Self.hidden.contains(key), Self.known.contains(key) else {
            return hide(all: node, at: place)
        }
        switch node.value {
        case .table(let table): add(table: table, at: place)
        case .array(let nodes):
            if Self.programs.contains(key), nodes.contains(where: \.isString) {
                return addProgram(nodes, at: place)
            }
            for (number, one) in nodes.enumerated() {
                add(one, key: key, at: "\(place)[\(number)]")
            }
        case .string(let string):
            guard !Self.programs.contains(key) else { return hide(all: node, at: place) }
            line(place, "\"\(OneLine.escaped(shown(string, key: key)))\"")
        case .integer(let number): line(place, "\(number)")
        case .float(let number): line(place, "\(number)")
        case .boolean(let flag): line(place, "\(flag)")
        case .date, .time, .dateTime: line(place, node.found)
        }
    }

    private mutating func line(_ place: String, _ value: String?) {
        text += "\(place) = \(value ?? Self.removed)\n"
    }

    /// The names of what is in it may be told, the values not.
    private mutating func hide(all node: TomlNode, at place: String) {
        switch node.value {
        case .table(let table):
            for entry in table.entries {
                hide(all: entry.node, at: "\(place).\(OneLine.escaped(entry.key))")
            }
        case .array(let nodes):
            for (number, one) in nodes.enumerated() { hide(all: one, at: "\(place)[\(number)]") }
        case .string(let string):
            secrets.insert(string)
            line(place, nil)
        case .integer(let number):
            secrets.insert("\(number)")
            line(place, nil)
        default: line(place, nil)
        }
    }

    private mutating func addProgram(_ nodes: [TomlNode], at place: String) {
        for (number, node) in nodes.enumerated() {
            guard number == 0, case .string(let program) = node.value else {
                hide(all: node, at: "\(place)[\(number)]")
                continue
            }
            line("\(place)[0]", "\"\(OneLine.escaped(program))\"")
        }
    }

    private mutating func shown(_ string: String, key: String) -> String {
        guard Self.addresses.contains(key) else {
            let bare = Self.withoutSecrets(ofURL: string)
            if let bare { secrets.formUnion(bare.secrets) }
            return bare?.text ?? string
        }
        return address(string)
    }

    /// An address that is one value: a password in it may hold any character, so what is before the last `@` is left
    /// out, and what is behind a `?` or `#`.
    private mutating func address(_ string: String) -> String {
        var (scheme, rest) = ("", string[...])
        if let mark = string.firstRange(of: "://") {
            scheme = String(string[..<mark.upperBound])
            rest = string[mark.upperBound...]
        }
        var text = scheme
        if let at = rest.lastIndex(of: "@") {
            secrets.insert(String(rest[..<at]))
            if let colon = rest[..<at].firstIndex(of: ":") {
                secrets.insert(String(rest[rest.index(after: colon)..<at]))
            }
            text += "\(Self.removed)@"
            rest = rest[rest.index(after: at)...]
        }
        guard let end = rest.firstIndex(where: { $0 == "?" || $0 == "#" }) else {
            return text + rest
        }
        secrets.insert(String(rest[rest.index(after: end)...]))
        return text + rest[...end] + Self.removed
    }

    /// A text that holds a URL, without its user information and its query; `nil` when there is none of these.
    package static func withoutSecrets(ofURL text: String) -> (text: String, secrets: Set<String>)?
    {
        var (rest, result, secrets) = (text[...], "", Set<String>())
        while let mark = rest.firstRange(of: "://") {
            result += rest[..<mark.upperBound]
            rest = rest[mark.upperBound...]
            let end = rest.firstIndex(where: endsURL) ?? rest.endIndex
            var url = rest[..<end]
            rest = rest[end...]
            let authority = url.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            if let at = authority.lastIndex(of: "@") {
                secrets.insert(String(url[..<at]))
                if let colon = url[..<at].firstIndex(of: ":") {
                    secrets.insert(String(url[url.index(after: colon)..<at]))
                }
                result += "\(removed)@"
                url = url[url.index(after: at)...]
            }
            if let query = url.firstIndex(where: { $0 == "?" || $0 == "#" }) {
                secrets.insert(String(url[url.index(after: query)...]))
                result += "\(url[...query])\(removed)"
            } else {
                result += url
            }
        }
        return secrets.isEmpty ? nil : (result + rest, secrets)
    }
}

/// Whether a character ends a URL in a text, in JSON too.
private func endsURL(_ character: Character) -> Bool {
    character.isWhitespace || "\"\\<>".contains(character)
}

extension TomlNode {
    fileprivate var isString: Bool {
        if case .string = value { true } else { false }
    }
}
