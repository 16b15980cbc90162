import Configuration

/// A unit as it may be given away: of variables of the environment only the names are told, of credentials nothing, of
/// programs other than ours no arguments, and no comments. What is left out is collected.
package struct RedactedUnit: Sendable {
    /// A line a setting.
    package private(set) var text = ""
    /// The texts that were left out.
    package private(set) var secrets: Set<String> = []

    /// A unit file or a drop-in, see systemd.syntax(7).
    package init(file text: String) {
        var pending = ""
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let bare = line.drop(while: \.isWhitespace)
            // Comments may stand in the middle of a setting that goes on.
            if bare.hasPrefix("#") || bare.hasPrefix(";") {
                self.text += "# (a comment)\n"
                continue
            }
            if bare.hasSuffix("\\") {
                pending += bare.dropLast() + " "
                continue
            }
            add(line: pending + bare)
            pending = ""
        }
        if !pending.isEmpty { add(line: pending) }
    }

    /// Properties, as systemctl(1) shows them.
    package init(properties: some Sequence<(key: String, value: String)>) {
        for property in properties { add(property.key, property.value) }
    }

    private mutating func add(line: String) {
        guard let mark = line.firstIndex(of: "=") else {
            text += "\(line)\n"
            return
        }
        let key = String(line[..<mark].filter { !$0.isWhitespace })
        add(key, String(line[line.index(after: mark)...].drop(while: \.isWhitespace)))
    }

    private mutating func add(_ key: String, _ value: String) {
        let shown: String
        switch key {
        case _ where value.isEmpty: shown = ""
        case "Environment", "PassEnvironment", "UnsetEnvironment": shown = environment(value)
        case _ where key.hasPrefix("SetCredential"):
            secrets.insert(value)
            if let colon = value.firstIndex(of: ":") {
                secrets.insert(String(value[value.index(after: colon)...]))
            }
            shown = RedactedConfiguration.removed
        case _ where key.hasPrefix("Exec") && !key.hasPrefix("ExecMain"): shown = command(value)
        default: shown = value
        }
        text += "\(key)=\(shown)\n"
    }

    /// The names of variables, as far as they are surely that: in capitals.
    private mutating func environment(_ value: String) -> String {
        words(of: value).map { word in
            secrets.insert(word)
            guard let mark = word.firstIndex(of: "=") else { return RedactedConfiguration.removed }
            secrets.insert(String(word[word.index(after: mark)...]))
            let isName = word[..<mark].utf8.allSatisfy { byte in
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "_")
            }
            return (isName ? "\(word[..<mark])=" : "") + RedactedConfiguration.removed
        }
        .joined(separator: " ")
    }

    /// Words between blanks, with quotes taken away.
    private func words(of value: String) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        var isEscaped = false
        for character in value {
            if isEscaped {
                word.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
            } else if quote == nil, character.isWhitespace {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        return word.isEmpty ? words : words + [word]
    }

    /// The program; of ours its arguments too, up to the next program.
    private mutating func command(_ value: String) -> String {
        // `{ path=/usr/bin/x ; argv[]=/usr/bin/x a b ; ignore_errors=no ; … }`
        var line = value[...]
        if let start = value.firstRange(of: "argv[]=") {
            line = value[start.upperBound...]
            if let end = line.firstRange(of: " ; ignore_errors=") { line = line[..<end.lowerBound] }
        }
        let all = line.split(separator: " ").map(String.init)
        guard let first = all.first else { return "" }
        let program = String(first.drop { "-@:+!|".contains($0) })
        if program.hasSuffix("/discoveryd") {
            let own = all.prefix { $0 != ";" }
            if own.count == all.count { return all.joined(separator: " ") }
        }
        let arguments = all.dropFirst()
        secrets.formUnion(arguments)
        secrets.insert(arguments.joined(separator: " "))
        return arguments.isEmpty ? first : "\(first) \(RedactedConfiguration.removed)"
    }
}
