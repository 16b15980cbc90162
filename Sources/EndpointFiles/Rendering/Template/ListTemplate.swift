public import Mustache

/// A template of the administrator with all that its rendering depends on, apart from the list.
public struct ListTemplate: Hashable, Sendable {
    /// The template, under the path of its file.
    public let text: MustacheTemplate
    /// The partials that it and they themselves name, each under the path of its file.
    public let partials: [String: MustacheTemplate]
    /// The escape of values.
    public let escape: MustacheEscapeName
    /// This host, for templates that say where they were rendered.
    public let host: Host

    /// The facts of this host that a template can show.
    public struct Host: Hashable, Sendable {
        /// Its name.
        public var name: String
        /// Its zone, where the configuration says one.
        public var zone: String?

        /// Describes a host.
        public init(name: String, zone: String? = nil) {
            self.name = name
            self.zone = zone
        }
    }

    /// Joins a template with what it is rendered with.
    public init(
        _ text: MustacheTemplate,
        partials: [String: MustacheTemplate] = [:],
        escape: MustacheEscapeName,
        host: Host
    ) {
        self.text = text
        self.partials = partials
        self.escape = escape
        self.host = host
    }

    /// Makes an empty file.
    public static let empty = ListTemplate(
        MustacheTemplate(empty: "-"),
        escape: .none,
        host: Host(name: "-")
    )

    /// The files that it was read from.
    public var files: [String] { [text.name] + partials.values.map(\.name).sorted() }
}
