/// Writes strings so that the reader of a file takes them for what they are, and never for part of its
/// language.
public protocol MustacheEscape: Sendable {
    /// Its name.
    var name: String { get }

    /// Appends a text.
    ///
    /// - Throws: ``UnrepresentableValue`` when the reader's language has no way to say it; what was appended by then
    ///   is to be taken away.
    func append(_ text: String, to result: inout [UInt8]) throws(UnrepresentableValue)

    /// Goes on with what surrounds the next tag by text of the template.
    func follow(_ text: [UInt8], in surroundings: inout TagSurroundings)

    /// The reason why no text may be written in such surroundings, as the end of a sentence that starts with the tag: `stands within
    /// single quotes`. `nil` where one may.
    func obstacle(in surroundings: TagSurroundings) -> String?
}

extension MustacheEscape {
    /// Most escapes protect a value wherever it stands.
    public func follow(_ text: [UInt8], in surroundings: inout TagSurroundings) {}

    /// None.
    public func obstacle(in surroundings: TagSurroundings) -> String? { nil }
}

/// A text that an escape cannot represent.
public struct UnrepresentableValue: Error, Hashable, Sendable {
    /// The end of a sentence that starts with the value: `holds a line break`.
    public let what: String

    init(_ what: String) {
        self.what = what
    }

    /// It holds this.
    init(holding scalar: Unicode.Scalar) {
        let shown =
            switch scalar {
            case "\n", "\r": "a line break"
            case "\0": "a NUL"
            case " ", "\t": "white space"
            case _ where Self.isControl(scalar): "a control character"
            default: "\"\(scalar)\""
            }
        what = "holds \(shown)"
    }

    /// Whether it moves a cursor, ends a line or is not meant to be read: C0 and C1, DEL, and the two separators that
    /// some programs take for line breaks.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029: true
        default: false
        }
    }
}

/// The escapes by name.
public enum MustacheEscapeName: String, Hashable, Sendable, CaseIterable {
    case haproxy
    case nginx
    case shell
    case json
    case yaml
    case systemd
    case html
    case none

    /// The escape.
    public var escape: any MustacheEscape {
        switch self {
        case .haproxy: HAProxyEscape()
        case .nginx: NginxEscape()
        case .shell: ShellEscape()
        case .json: JSONEscape()
        case .yaml: YAMLEscape()
        case .systemd: SystemdEscape()
        case .html: HTMLEscape()
        case .none: NoEscape()
        }
    }
}

extension [UInt8] {
    mutating func append(_ scalar: Unicode.Scalar) {
        append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    /// A text as it is, if all of it stands for itself.
    ///
    /// - Returns: Whether it did: nothing is appended when not.
    mutating func append(plain text: String, where isPlain: (UInt8) -> Bool) -> Bool {
        guard text.utf8.allSatisfy(isPlain) else { return false }
        append(contentsOf: text.utf8)
        return true
    }
}

/// Whether a byte stands for itself in a word of every language here: letters, digits and `_ . : - /`.
func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        // `-./` and digits, then `:`.
        UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "_"):
        true
    default: false
    }
}
