import Texts

/// A configuration file as it may be given away: a line a value, without secrets.
///
/// Left out are the values of keys with names like secrets', of headers, of keys that are unknown, passwords and queries
/// in URLs, and the arguments of programs. What is left out is collected, so that whoever has the text elsewhere can look for it.
package struct RedactedConfiguration: Sendable {
    /// `output[0].path = "/run/x"`, a line a value.
    package private(set) var text = ""
    /// What was left out.
    package private(set) var secrets: Set<String> = []

    /// Reads the bytes of a file. Of one that is not TOML nothing is told but that.
    package init(_ bytes: [UInt8]) {
        do throws(TomlSyntaxError) {
            add(table: try TomlDocument(parsing: bytes).root, at: "")
        } catch {
            text = "# not TOML: line \(error.position.line); its text is left out\n"
        }
    }

    /// What stands for what was left out.
    package static let removed = "(removed)"

    /// Keys whose values are lists of a program and its arguments.
    private static let programs: Set<String> = ["command", "check", "exec", "reload"]
    /// Keys that may stand anywhere and whose values are no secrets.
    private static let known: Set<String> = [
        "address", "addresses", "also", "bytes", "ca_file", "cert_file", "check", "command",
        "contains", "dial_timeout",
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
        switch node.value {
        case .table(let table):
            if Self.isSecret(key) || key == "headers" {
                hide(all: node, at: place)
            } else {
                add(table: table, at: place)
            }
        case .array(let nodes):
            if Self.programs.contains(key), nodes.contains(where: \.isString) {
                return addProgram(nodes, at: place)
            }
            for (number, one) in nodes.enumerated() {
                add(one, key: key, at: "\(place)[\(number)]")
            }
        case .string(let string): line(place, shown(string, key: key).map { "\"\($0)\"" })
        case .integer(let number): line(place, Self.isSecret(key) ? nil : "\(number)")
        case .float(let number): line(place, Self.isSecret(key) ? nil : "\(number)")
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

    private mutating func shown(_ string: String, key: String) -> String? {
        if Self.isSecret(key) || !Self.known.contains(key) {
            secrets.insert(string)
            return nil
        }
        let bare = Self.withoutSecrets(ofURL: string)
        if let bare { secrets.formUnion(bare.secrets) }
        return OneLine.escaped(bare?.text ?? string)
    }

    /// Whether a key is named as one of a secret. A file is named by its path, which is none.
    private static func isSecret(_ key: String) -> Bool {
        let name = key.lowercased()
        guard !name.hasSuffix("_file"), !known.contains(name) else { return false }
        return [
            "pass", "secret", "token", "credential", "auth", "cookie", "api_key", "apikey",
            "private",
        ]
        .contains { name.contains($0) }
    }

    /// A text that holds a URL, without its user information and its query; `nil` when there is none of these.
    package static func withoutSecrets(ofURL text: String) -> (text: String, secrets: Set<String>)?
    {
        var (rest, result, secrets) = (text[...], "", Set<String>())
        while let mark = rest.firstRange(of: "://") {
            result += rest[..<mark.upperBound]
            rest = rest[mark.upperBound...]
            let end = rest.firstIndex { $0 == " " || $0 == "\"" || $0 == "'" } ?? rest.endIndex
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
            if let query = url.firstIndex(of: "?") {
                secrets.insert(String(url[url.index(after: query)...]))
                result += "\(url[..<query])?\(removed)"
            } else {
                result += url
            }
        }
        return secrets.isEmpty ? nil : (result + rest, secrets)
    }
}

extension TomlNode {
    fileprivate var isString: Bool {
        if case .string = value { true } else { false }
    }
}
