/// A place in a template: its name, and line and column from 1. A column is one Unicode scalar.
public struct MustachePlace: Hashable, Sendable, CustomStringConvertible {
    /// The name that the template was given, the path of its file.
    public let template: String
    /// The line.
    public let line: Int
    /// The column.
    public let column: Int

    /// `/etc/x.mustache:3:5`.
    public var description: String { "\(template):\(line):\(column)" }
}

/// A template that cannot be read or rendered: where, and a sentence with the remedy.
public struct MustacheError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Hashable, Sendable {
        /// The template is not Mustache.
        case syntax
        /// A file cannot be read.
        case unreadable
        /// Lists and objects cannot be printed.
        case notPrintable
        /// A tag stands where its escape protects nothing.
        case surroundings
        /// The escape cannot represent a value.
        case value
        /// It takes too many steps, is too deep or becomes too long.
        case limit
    }

    /// The kind of failure.
    public let code: Code
    /// The place in the template.
    public let place: MustachePlace
    /// A sentence for people, with the remedy.
    public let message: String

    /// A file that cannot be read, or that a caller refuses as a whole.
    ///
    /// - Parameter what: The end of a sentence that starts with the file.
    public init(unreadable file: String, _ what: String) {
        self.init(.unreadable, at: MustachePlace(template: file, line: 1, column: 1), what)
    }

    init(_ code: Code, at place: MustachePlace, _ message: String) {
        self.code = code
        self.place = place
        self.message = message
    }

    /// The place and the sentence.
    public var description: String {
        code == .unreadable ? "\(place.template) \(message)" : "\(place): \(message)"
    }
}
