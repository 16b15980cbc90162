import EndpointFiles
import Mustache
import Testing

/// Templates for tests.
enum Templates {
    static func format(
        _ text: String,
        _ escape: MustacheEscapeName = .none,
        partials: [String: String] = [:]
    ) throws -> ListFormat {
        var parsed: [String: MustacheTemplate] = [:]
        for (name, text) in partials {
            parsed[name] = try MustacheTemplate(Array(text.utf8), name: "/etc/\(name).mustache")
        }
        return .template(
            ListTemplate(
                try MustacheTemplate(Array(text.utf8), name: "/etc/x.mustache"),
                partials: parsed,
                escape: escape,
                host: ListTemplate.Host(name: "box")
            )
        )
    }
}
