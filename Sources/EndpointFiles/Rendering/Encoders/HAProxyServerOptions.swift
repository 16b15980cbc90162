/// The options of a `server` line: words that HAProxy reads alike in its configuration and in `add server`.
///
/// Source: HAProxy, "Configuration Manual", section 5.2, and "Management Guide", `add server`; 2.6 tried.
public struct HAProxyServerOptions: Hashable, Sendable, CustomStringConvertible {
    /// The words.
    public let words: [String]

    /// The words as they are written, with one space between two.
    public var description: String { words.joined(separator: " ") }

    /// Reads options.
    ///
    /// - Returns: `nil` for an empty text, one of more than 1,000 bytes, and one that a line or a command could be ended,
    ///   quoted or expanded with: anything but printable ASCII, and `;`, `#`, `\`, `"`, `'`, `$`, `<`.
    public init?(_ text: String) {
        let isFitting = text.utf8.allSatisfy { byte in
            (0x20...0x7e).contains(byte) && !";#\\\"'$<".utf8.contains(byte)
        }
        words = text.split(separator: " ").map(String.init)
        guard isFitting, !words.isEmpty, text.utf8.count <= 1000 else { return nil }
    }

    /// The first word that has no place in the options of an output; `nil` when all may stand there.
    public var misplaced: String? { words.first { Self.ours.contains($0) } }

    /// The first word that HAProxy refuses of a server that is added while it runs; `nil` when there is none.
    public var refusedAtRuntime: String? { words.first { Self.refused.contains($0) } }

    /// The words that discoveryd itself writes.
    private static let ours: Set<String> = ["weight", "backup", "disabled", "enabled", "id"]

    /// HAProxy answers "option is not accepted for dynamic server".
    private static let refused: Set<String> = [
        "cookie", "resolvers", "resolve-net", "resolve-opts", "resolve-prefer", "init-addr",
        "redir", "socks4",
        "no-check", "max-reuse", "namespace", "log-proto", "stick", "non-stick",
    ]
}
