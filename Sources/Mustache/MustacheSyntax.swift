/// A piece of a template.
///
/// A line that holds nothing but one tag which prints nothing, or a partial, is not part of the result; the
/// parser has left its white space out.
indirect enum MustacheNode: Hashable, Sendable {
    /// Text as it stands in the template.
    case text([UInt8])
    /// A line begins that is part of the result: here an indented partial is indented.
    case lineStart
    /// `{{name}}`, and `{{{name}}}` or `{{&name}}`, which is not escaped.
    case value(MustacheName, isEscaped: Bool, MustachePosition)
    /// `{{#name}}…{{/name}}`.
    case section(MustacheName, [MustacheNode], MustachePosition)
    /// `{{^name}}…{{/name}}`.
    case inverted(MustacheName, [MustacheNode], MustachePosition)
    /// `{{>name}}`; one that stands alone has the white space before it put before each of its lines.
    case partial(String, indentation: [UInt8], MustachePosition)
}

/// The name in a tag.
enum MustacheName: Hashable, Sendable {
    /// `.`, the value of the section itself.
    case current
    /// `a.b.c`: `a` is looked for from the inside out, the others in it only.
    case path(first: String, rest: [String])

    /// Whether one of its parts is this.
    func holds(_ part: String) -> Bool {
        switch self {
        case .current: false
        case .path(let first, let rest): first == part || rest.contains(part)
        }
    }

    /// The spelling in a template.
    var text: String {
        switch self {
        case .current: "."
        case .path(let first, let rest): ([first] + rest).joined(separator: ".")
        }
    }
}

/// A line and a column of a template, from 1.
struct MustachePosition: Hashable, Sendable {
    let line: Int
    let column: Int
}
