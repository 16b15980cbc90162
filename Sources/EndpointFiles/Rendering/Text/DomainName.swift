import Machines
import Texts

/// A DNS name as hosts(5) can hold it, in small letters and without the dot at its end.
public struct DomainName: Hashable, Sendable, CustomStringConvertible {
    /// The name.
    public let text: String

    /// Where the names of hosts files are when nothing is configured: under a domain that the
    /// public DNS promises never to have.
    public static let standard = DomainName(unchecked: "discoveryd.internal")

    private static let longest = 253

    /// Reads a name as a person writes it: in any case, with or without a dot at its end.
    ///
    /// - Returns: `nil` unless it is labels of 1 to 63 letters, digits and inner hyphens, 253 bytes
    ///   in all. See RFC 1123, 2.1.
    public init?(_ text: some StringProtocol) {
        let lower = text.lowercased()
        self.init(exactly: lower.hasSuffix(".") ? String(lower.dropLast()) : lower)
    }

    /// A text that is the name already: with capitals two texts could be one name.
    init?(exactly text: String) {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, labels.allSatisfy(Self.isLabel) else { return nil }
        self.text = text
    }

    private init(unchecked text: String) {
        self.text = text
    }

    /// Whether it has no dot.
    var isLabel: Bool { !text.utf8.contains(UInt8(ascii: ".")) }

    /// This name under another; `nil` when that is too long.
    func within(_ parent: DomainName) -> DomainName? {
        DomainName(exactly: "\(text).\(parent.text)")
    }

    /// The name.
    public var description: String { text }

    private static func isLabel(_ label: Substring.UTF8View.SubSequence) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
            && label.allSatisfy { $0.isLower || $0.isDigit || $0 == hyphen }
    }
}
