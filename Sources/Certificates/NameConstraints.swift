/// Limits of the names that an authority may sign for (RFC 5280 §4.2.1.10).
package struct NameConstraints: Hashable, Sendable {
    /// The outcome of checking a certificate's names, as BoringSSL checks them.
    package enum Verdict: Hashable, Sendable {
        /// All of them are allowed.
        case allowed
        /// This one is not.
        case forbidden(GeneralName)
        /// This one cannot be judged, and is refused for that: BoringSSL knows no constraints of its kind.
        case unchecked(GeneralName)
        /// Nothing is known against the names that we judge, and there are constraints of other kinds.
        case unknown
    }

    /// One of these has to fit each name of their kind.
    package let permitted: [GeneralName]
    /// None of these may.
    package let excluded: [GeneralName]

    init(permitted: [GeneralName], excluded: [GeneralName]) {
        self.permitted = permitted
        self.excluded = excluded
    }

    /// - Throws: ``DERReader/Malformed`` for bytes that are no such extension.
    init(_ extensionValue: ArraySlice<UInt8>) throws(DERReader.Malformed) {
        var value = DERReader(extensionValue)
        var both = try value.inside(DERReader.sequence)
        permitted = try Self.subtrees(try both.optional(0xa0))
        excluded = try Self.subtrees(try both.optional(0xa1))
    }

    private static func subtrees(
        _ element: DERReader.Element?
    ) throws(DERReader.Malformed) -> [GeneralName] {
        guard let element else { return [] }
        var names: [GeneralName] = []
        var subtrees = DERReader(element.content)
        while !subtrees.isAtEnd {
            var subtree = try subtrees.inside(DERReader.sequence)
            names.append(try GeneralName(&subtree))
        }
        return names
    }

    /// Judges the names of a certificate as BoringSSL does.
    package func verdict(on names: [GeneralName]) -> Verdict {
        for name in names {
            let permitted = permitted.filter { $0.isOfKind(of: name) }
            let excluded = excluded.filter { $0.isOfKind(of: name) }
            guard case .dns(let host) = name else {
                if case .address = name, !(permitted + excluded).isEmpty { return .unchecked(name) }
                continue
            }
            func fits(_ base: GeneralName, excluding: Bool) -> Bool {
                if case .dns(let domain) = base {
                    Self.isIn(host, domain, excluding: excluding)
                } else {
                    false
                }
            }
            if !permitted.isEmpty, !permitted.contains(where: { fits($0, excluding: false) }) {
                return .forbidden(name)
            }
            if excluded.contains(where: { fits($0, excluding: true) }) { return .forbidden(name) }
        }
        let isOther = (permitted + excluded).contains {
            if case .other = $0 { true } else { false }
        }
        return isOther ? .unknown : .allowed
    }

    /// Whether a host is in a domain; one with a dot in front is not in itself, as OpenSSL has it.
    private static func isIn(_ host: String, _ domain: String, excluding: Bool) -> Bool {
        var host = host.lowercased()[...]
        var domain = domain.lowercased()[...]
        if domain.isEmpty { return true }
        if host.hasSuffix(".") { host = host.dropLast() }
        if domain.hasSuffix(".") { domain = domain.dropLast() }
        // "*.b.example" may stand for the excluded "a.b.example".
        if excluding, host.hasPrefix("*."), let dot = domain.firstIndex(of: "."),
            host.dropFirst(2) == domain[domain.index(after: dot)...]
        {
            return true
        }
        if domain.hasPrefix(".") { return host.hasSuffix(domain) }
        return host == domain || host.hasSuffix(".\(domain)")
    }

    /// `permits only DNS:.example.com, and not DNS:secret.example.com`.
    package var words: String {
        var parts: [String] = []
        if !permitted.isEmpty { parts.append("permits only \(Self.list(permitted))") }
        if !excluded.isEmpty { parts.append("excludes \(Self.list(excluded))") }
        return parts.joined(separator: " and ")
    }

    private static func list(_ names: [GeneralName]) -> String {
        let shown = names.prefix(4).map(\.description)
        let more = names.count - shown.count
        return (shown + (more > 0 ? ["\(more) more"] : [])).joined(separator: ", ")
    }
}
