import Configuration

/// Takes secrets out of texts that go into a bundle: those that are known, and what looks like one.
package struct Redaction: Sendable {
    /// Texts that are replaced wherever they stand, the longest first, as one may be a part of another.
    private let plain: [String]
    /// The same as JSON writes them in a string.
    private let inJSON: [String]

    /// Shorter texts would be found everywhere.
    static let shortest = 4

    /// - Parameter secrets: The texts that must not be told. Of each its lines, the values in `name=value` and the last
    ///   of several words count by themselves. One of fewer than four characters is left out, and so are words that
    ///   stand in every bundle.
    package init(_ secrets: some Sequence<String>) {
        let all = Set(secrets.flatMap(Self.parts)).filter {
            $0.count >= Self.shortest && !Self.harmless.contains($0)
        }
        plain = Self.sorted(all)
        inJSON = Self.sorted(all.map(Self.writtenInJSON))
    }

    /// A text without them, and without user information and queries of URLs.
    package func applied(to text: String) -> String { applied(to: text, plain) }

    /// The same for JSON, which stays JSON.
    package func applied(toJSON text: String) -> String { applied(to: text, inJSON) }

    private func applied(to text: String, _ secrets: [String]) -> String {
        var text = text
        for secret in secrets where text.firstRange(of: secret) != nil {
            text = text.split(separator: secret, omittingEmptySubsequences: false)
                .joined(separator: RedactedConfiguration.removed)
        }
        // After them: a password may hold what ends a URL.
        text = RedactedConfiguration.withoutSecrets(ofURL: text)?.text ?? text
        return Self.withoutKeys(text)
    }

    // MARK: what counts as a secret

    /// Words of our own programs' output and of systemctl(1): as an argument one is no secret.
    private static let harmless: Set<String> = Set(
        [
            "start", "stop", "reload", "restart", "reload-or-restart", "try-restart", "enable",
            "status", "true", "false", "none", "root", "haproxy", "nginx", "caddy", "prometheus",
            "envoy", "dnsmasq", "discoveryd", "systemctl", "http", "https", "json", "lines",
            "{file}", "/dev/null", "localhost", "127.0.0.1",
        ] + CheckName.allCases.map(\.rawValue)
    )

    /// A secret, and those parts of it that may be told by themselves.
    private static func parts(of secret: String) -> [String] {
        var parts = [secret]
        let lines = secret.split(whereSeparator: \.isNewline).map(String.init)
        parts += lines
        for line in lines {
            for piece in line.split(separator: "&") {
                guard let mark = piece.firstIndex(of: "=") else { continue }
                let value = String(piece[piece.index(after: mark)...])
                parts += [value, decoded(value)]
            }
            if let last = line.split(separator: " ").last, last.count < line.count {
                parts.append(String(last))
            }
        }
        return parts + [decoded(secret)]
    }

    /// Without percent-encoding.
    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func writtenInJSON(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func sorted(_ texts: some Sequence<String>) -> [String] {
        texts.sorted { ($0.count, $1) > ($1.count, $0) }
    }

    /// Without what stands between the lines of PEM that begin and end a private key.
    private static func withoutKeys(_ text: String) -> String {
        guard text.firstRange(of: "PRIVATE KEY-----") != nil else { return text }
        var isInside = false
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .compactMap { line -> Substring? in
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
}
