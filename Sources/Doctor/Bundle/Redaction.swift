import Configuration

/// Takes secrets out of texts that go into a bundle: those that are known, and what looks like one.
package struct Redaction: Sendable {
    private let secrets: [String]

    /// - Parameter secrets: The texts that must not be told. One of fewer than four characters is left out, it would
    ///   be found everywhere.
    package init(_ secrets: some Sequence<String>) {
        // The longest first, as one may be a part of another.
        self.secrets = Set(secrets).filter { $0.count >= 4 }.sorted {
            ($0.count, $1) > ($1.count, $0)
        }
    }

    /// A text without them, and without user information and queries of URLs.
    package func applied(to text: String) -> String {
        var text = RedactedConfiguration.withoutSecrets(ofURL: text)?.text ?? text
        for secret in secrets {
            guard text.firstRange(of: secret) != nil else { continue }
            text = text.split(separator: secret, omittingEmptySubsequences: false)
                .joined(separator: RedactedConfiguration.removed)
        }
        return Self.withoutKeys(text)
    }

    /// Without what stands between the lines of PEM that begin and end a private key.
    private static func withoutKeys(_ text: String) -> String {
        guard text.firstRange(of: "PRIVATE KEY-----") != nil else { return text }
        var isInside = false
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).compactMap {
            line -> Substring? in
            if line.firstRange(of: "-----BEGIN") != nil,
                line.firstRange(of: "PRIVATE KEY-----") != nil
            {
                isInside = true
                return line
            }
            if line.firstRange(of: "-----END") != nil { isInside = false }
            return isInside ? nil : line
        }
        return lines.joined(separator: "\n")
    }

    /// A unit's property or a line of a unit file: of variables of the environment only the names are told, of
    /// credentials nothing, of programs other than ours no arguments.
    package static func unitLine(_ key: String, _ value: String) -> String {
        switch key {
        case "Environment", "PassEnvironment", "UnsetEnvironment":
            let names = value.split(separator: " ").map { word -> String in
                let bare = word.drop { $0 == "\"" || $0 == "'" }
                return bare.firstIndex(of: "=").map {
                    "\(bare[..<$0])=\(RedactedConfiguration.removed)"
                }
                    ?? RedactedConfiguration.removed
            }
            return "\(key)=\(names.joined(separator: " "))"
        case _ where key.hasPrefix("SetCredential"):
            return "\(key)=\(RedactedConfiguration.removed)"
        case _ where key.hasPrefix("Exec") && !key.hasPrefix("ExecMain"):
            guard value.firstRange(of: "/discoveryd ") == nil else { return "\(key)=\(value)" }
            let program = value.split(separator: " ").first {
                $0.hasPrefix("/") || $0.hasPrefix("path=")
            }
            return "\(key)=\(program ?? "") \(RedactedConfiguration.removed)"
        default: return "\(key)=\(value)"
        }
    }

    /// A unit file or a drop-in.
    package static func unitFile(_ text: String) -> String {
        // A line that ends with a backslash goes on in the next.
        let joined = text.split(separator: "\\\n", omittingEmptySubsequences: false).joined(
            separator: " "
        )
        return joined.split(separator: "\n", omittingEmptySubsequences: false).map {
            line -> String in
            guard let mark = line.firstIndex(of: "="), !line.hasPrefix("#"), !line.hasPrefix(";")
            else {
                return line.hasPrefix("#") || line.hasPrefix(";") ? "# (a comment)" : String(line)
            }
            let key = line[..<mark].filter { !$0.isWhitespace }
            return unitLine(key, String(line[line.index(after: mark)...]))
        }.joined(separator: "\n")
    }
}
