/// A file that the configuration names: by its path, or as a credential of the unit
/// (systemd.exec(5), `LoadCredential=`).
package enum FilePlace: Hashable, Sendable, CustomStringConvertible {
    /// An absolute path.
    case path(String)
    /// A file in the directory that `$CREDENTIALS_DIRECTORY` names.
    case credential(String)

    /// Reads an absolute path or `credential:NAME`; `nil` for anything else.
    package init?(_ text: String) {
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }),
            text.utf8.count <= Self.longest
        else { return nil }
        if text.hasPrefix(Self.scheme) {
            let name = String(text.dropFirst(Self.scheme.count))
            guard !name.isEmpty, name != ".", name != "..", !name.contains("/") else { return nil }
            self = .credential(name)
        } else {
            guard text.hasPrefix("/"), !text.hasSuffix("/") else { return nil }
            self = .path(text)
        }
    }

    /// Whether it is a credential.
    var isCredential: Bool {
        if case .credential = self { true } else { false }
    }

    /// The path.
    ///
    /// - Parameter credentials: The directory of the unit's credentials, if there is one. Without it a
    ///   credential has a path that leads nowhere and says why.
    package func path(credentials: String?) -> String {
        switch self {
        case .path(let path): path
        case .credential(let name): "\(credentials ?? "$CREDENTIALS_DIRECTORY")/\(name)"
        }
    }

    /// As it is written.
    package var description: String {
        switch self {
        case .path(let path): path
        case .credential(let name): Self.scheme + name
        }
    }

    private static let scheme = "credential:"
    /// PATH_MAX without its NUL.
    private static let longest = 4095
}
