/// A template, parsed: Mustache as its specification has it, without the optional modules (lambdas, inheritance,
/// dynamic names).
///
/// Source: mustache(5), and the language-agnostic specification of Mustache.
public struct MustacheTemplate: Hashable, Sendable {
    /// The name that it was given, for places.
    public let name: String
    let nodes: [MustacheNode]
    /// The partials that it names, each with the place of the first tag, in the order of the template.
    public let partials: [(name: String, place: MustachePlace)]
    /// The places of its tags that print a value without escaping it.
    public let unescapedTags: [MustachePlace]

    /// The deepest that sections may be nested in one template.
    public static let deepest = 64

    /// Parses a template.
    ///
    /// - Parameters:
    ///   - bytes: The template, UTF-8.
    ///   - name: What places call it: the path of its file.
    /// - Throws: ``MustacheError`` at the first place that is not Mustache.
    public init(_ bytes: [UInt8], name: String) throws(MustacheError) {
        var parser = try MustacheParser(bytes, name: name)
        nodes = try parser.parse()
        partials = parser.partials
        unescapedTags = parser.unescapedTags
        self.name = name
    }

    /// A template that prints nothing.
    public init(empty name: String) {
        self.name = name
        nodes = []
        partials = []
        unescapedTags = []
    }

    /// Whether one of its tags names this, as the whole of a name or as a part of one.
    public func mentions(_ name: String) -> Bool { Self.mentions(name, in: nodes) }

    private static func mentions(_ name: String, in nodes: [MustacheNode]) -> Bool {
        nodes.contains { node in
            switch node {
            case .text, .lineStart, .partial: false
            case .value(let own, _, _): own.holds(name)
            case .section(let own, let body, _), .inverted(let own, let body, _):
                own.holds(name) || mentions(name, in: body)
            }
        }
    }

    /// Whether a partial of that name can be a file beside the template: letters, digits, `_`, `-` and inner dots. No
    /// other name leads out of the directory, or to a hidden file.
    public static func isFileName(_ partial: String) -> Bool {
        guard let first = partial.utf8.first, first != UInt8(ascii: "."), partial.utf8.count <= 128
        else { return false }
        return partial.utf8.allSatisfy {
            isWordByte($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":")
        }
    }

    /// Whether both are the same text under the same name, as far as it shows.
    public static func == (left: MustacheTemplate, right: MustacheTemplate) -> Bool {
        left.name == right.name && left.nodes == right.nodes
    }

    /// By name and what it prints.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(nodes)
    }
}
